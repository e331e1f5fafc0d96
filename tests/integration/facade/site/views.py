"""The legacy side: it says what it got."""

import hashlib
import json
import time
from datetime import UTC, datetime, timedelta
from uuid import uuid4

from django.conf import settings
from django.contrib.auth import get_user_model, login, logout
from django.db import connection, transaction
from django.http import FileResponse, HttpResponse, JsonResponse, StreamingHttpResponse
from django.urls import path, re_path
from django.views.decorators.csrf import csrf_exempt

from strangler import observing
from strangler.calls import seam
from strangler.core.carried import carried
from strangler.core.decision import Side
from strangler.core.stages import RolloutStage, parse_percent
from strangler.facade import current_decision, override
from strangler.fences import sentence
from strangler.isolation import meeting, ownership, snapshot
from strangler.outbox.models import OutboxMessage
from strangler.rollout import change, current
from strangler.rollout.tallies import flush, totals
from strangler.shadow import captures, losses
from strangler.shadow.models import CaptureLoss


def show(request):
    """Describe the request as legacy saw it."""
    digest, length = hashlib.sha256(), 0
    while piece := request.read(65536):
        digest.update(piece)
        length += len(piece)
    decision = current_decision()
    return JsonResponse(
        {
            "side": "legacy",
            "method": request.method,
            "path": request.path,
            "length": length,
            "sha256": digest.hexdigest(),
            "decision": str(decision) if decision else None,
            "user": request.user.get_username(),
            "language": request.COOKIES.get("language", ""),
        }
    )


def fail(request):
    """Break, as legacy views do."""
    raise RuntimeError("legacy is broken")


def stream(request):
    """Answer without a length."""
    return StreamingHttpResponse((b"piece %d\n" % number for number in range(3)), content_type="text/plain")


def plain(request):
    """Answer with bytes that must pass as they are."""
    return HttpResponse(
        b"\x00\xff plain", content_type="application/octet-stream", headers={"X-Legacy": "yes"}
    )


def send_file(request):
    """Answer with a file, which the server may send by itself."""
    path = settings.STATE / "file"
    path.write_bytes(b"0123456789" * 10_000)
    return FileResponse(path.open("rb"), content_type="application/octet-stream")


def deaf(request):
    """Answer without reading the body."""
    return HttpResponse("whatever it was")


def log_out(request):
    """End the session."""
    logout(request)
    return HttpResponse("out")


def list_captures(request):
    """Return the captures that are written, and forget them."""
    found = captures.claim(1_000, lease=timedelta(minutes=1), token="test")
    captures.settle([each.id for each in found], token="test")
    return JsonResponse([each.to_json() for each in found], safe=False)


def list_losses(request):
    """Return what was lost, by seam and cause; forget it if that is asked for."""
    if "forget" in request.GET:
        CaptureLoss.objects.all().delete()
    return JsonResponse(losses.totals(since=datetime(2000, 1, 1, tzinfo=UTC)))


def show_header(request):
    """Say which shadow header came through the door."""
    return JsonResponse(
        {
            "shadow": request.headers.get("Strangler-Shadow"),
            "decision": str(current_decision()),
            "suspended": observing.is_suspended(),
        }
    )


def log_in(request):
    """Log a user in; made at the first time."""
    user, _ = get_user_model().objects.get_or_create(
        username="ada", defaults={"email": "ada@example.com", "is_staff": "staff" in request.GET}
    )
    login(request, user)
    return HttpResponse("in")


def set_rollout(request):
    """Move a seam."""
    stage = RolloutStage.parse(request.GET["stage"])
    text = request.GET.get("percent")
    seam = request.GET["seam"]
    percent = parse_percent(text, seam=seam) if text else None
    event = change(seam, stage=stage, percent=percent, actor="test", reason="")
    while current().revision < event.revision:
        time.sleep(0.005)
    return HttpResponse("moved")


def make_override(request):
    """Sign a wish for a side."""
    lifetime = timedelta(seconds=float(request.GET.get("seconds", "60")))
    return HttpResponse(
        override.make(
            request.GET["seam"],
            side=Side(request.GET["side"]),
            expires=datetime.now(UTC) + lifetime,
            staff_only="staff_only" in request.GET,
        )
    )


def show_tallies(request):
    """Return what the facade counted since the site was made."""
    flush()
    counts = totals(since=datetime(2000, 1, 1, tzinfo=UTC))
    return HttpResponse(
        json.dumps({seam: {" ".join(key): n for key, n in each.items()} for seam, each in counts.items()})
    )


def memory(request):
    """Return the resident memory of this process, in KiB."""
    with open("/proc/self/status") as status:  # noqa: PTH123 - not a file of ours
        line = next(line for line in status if line.startswith("VmRSS"))
    return HttpResponse(line.split()[1])


def set_fence(request):
    """Make a table with a fence, raised, and have it known that it may change hands."""
    ownership.announce({"gone": ""}, owner="monolith", fence=1)
    snapshot.refresh()
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE IF NOT EXISTS gone (word TEXT)")
        cursor.execute("CREATE TABLE IF NOT EXISTS fence (is_raised INTEGER)")
        cursor.execute("DELETE FROM fence")
        cursor.execute("INSERT INTO fence VALUES (1)")
        cursor.execute(
            "CREATE TRIGGER IF NOT EXISTS meet BEFORE INSERT ON gone WHEN (SELECT is_raised FROM fence) "
            f"BEGIN SELECT RAISE(ABORT, '{sentence('images', 'gone')}'); END"
        )
    return HttpResponse("raised")


@meeting.on_met
def lower_fence(_service):
    """Be the new owner, for whoever met the fence."""
    with connection.cursor() as cursor:
        cursor.execute("UPDATE fence SET is_raised = 0")


def write_gone(request):
    """Write to the fenced table, after something else where the path says so."""
    words = [request.read().decode()]
    if "committed" in request.path:
        get_user_model().objects.create(username=uuid4().hex)
    with transaction.atomic(), connection.cursor() as cursor:
        if "rolled-back" in request.path:
            get_user_model().objects.create(username=uuid4().hex)
        cursor.executemany("INSERT INTO gone (word) VALUES (%s)", [(word,) for word in words])
        cursor.execute("SELECT COUNT(*) FROM gone WHERE word = %s", words)
        count = cursor.fetchone()[0]
    return JsonResponse({"side": "legacy", "words": words, "count": count})


@seam("images.note", key=lambda word: word)
def note(word):
    """Do on legacy what the service would do with a message."""
    return {"side": "legacy", **carried()}


def call(request):
    """Make a call, and say what became of it: done here with these facts, or a message with these headers."""
    done = note(request.GET["word"])
    if done is None:
        row = OutboxMessage.objects.latest("pk")
        done = {"side": "service", **json.loads(row.headers)}
    return JsonResponse(done)


urlpatterns = [
    path("file/", send_file),
    path("deaf/", csrf_exempt(deaf)),
    path("_logout", log_out),
    path("_captures", list_captures),
    path("_losses", list_losses),
    path("health/sandbox", show_header),
    path("safe/header/", show_header),
    path("call/", call),
    path("_login", log_in),
    path("_rollout", set_rollout),
    path("_override", make_override),
    path("_tallies", show_tallies),
    path("_memory", memory),
    path("_fence", set_fence),
    re_path("gone", csrf_exempt(write_gone)),
    path("fail/", fail),
    path("stream/", stream),
    path("plain/", plain),
    re_path(r"", csrf_exempt(show)),
]
