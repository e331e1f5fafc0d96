"""A view that does everything that must not stay, and views that try to get out."""

import socket
import urllib.request

from celery import Celery
from django.core.cache import cache
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.mail import get_connection, send_mail
from django.core.mail.message import EmailMessage
from django.db import connection, transaction
from django.http import FileResponse, HttpResponse, JsonResponse, StreamingHttpResponse
from django.urls import path

from monolith.catalog.models import Category
from strangler import outbox

app = Celery("shop", broker="redis://127.0.0.1:1/0", set_as_current=False)


def write(request):
    """Write rows, a mail, a file, an outbox message, a task and a cache entry; more after the commit."""
    number = request.GET.get("n", "0")
    with transaction.atomic():
        made = Category.objects.create(name=f"category {number}", slug=f"c-{number}")
        Category.objects.filter(pk=made.pk).update(blurb="changed")
        outbox.send("shop.made", {"n": number}, to="shop")
        transaction.on_commit(lambda: app.send_task("shop.index", args=[number]))
        transaction.on_commit(lambda: send_mail("made", number, "shop@x.org", ["ann@x.org"]))
    default_storage.save(f"made/{number}.txt", ContentFile(number.encode()))
    cache.set("last", number)
    return JsonResponse(
        {"n": number, "rows": Category.objects.filter(slug=f"c-{number}").count()}, status=201
    )


def in_savepoint(_request):
    """Lose a row with its savepoint."""
    Category.objects.create(name="stays", slug="stays")
    try:
        with transaction.atomic():
            Category.objects.create(name="lost", slug="lost")
            raise LookupError  # noqa: TRY301
    except LookupError:
        return HttpResponse("ok")


def durable(_request):
    """Open an outermost transaction, as `durable` has it."""
    with transaction.atomic(durable=True):
        Category.objects.create(name="durable", slug="durable")
    return HttpResponse("ok")


def raw(request):
    """Execute what the test wants."""
    Category.objects.create(name="raw", slug="raw")
    with connection.cursor() as cursor:
        cursor.execute(request.GET["sql"])
    return HttpResponse("ok")


def call_out(request):
    """Open a connection in the way that the test wants."""
    where = request.GET["to"]
    if request.GET["by"] == "http":
        urllib.request.urlopen(f"http://{where}/", timeout=2)
    else:
        host, port = where.split(":")
        socket.create_connection((host, int(port)), timeout=2)
    return HttpResponse("ok")


def read(name):
    """Return what the storage has under *name*."""
    with default_storage.open(name) as file:
        return file.read().decode()


def files(_request):
    """Read, replace and delete files in the storage."""
    kept = read("kept.txt")
    default_storage.delete("kept.txt")
    name = default_storage.save("new.txt", ContentFile(b"new"))
    seen = [default_storage.exists(each) for each in ("kept.txt", name)]
    with open(default_storage.path("by-path.txt"), "w") as file:  # noqa: PTH123
        file.write("by path")
    return JsonResponse({"kept": kept, "seen": seen, "new": read(name)})


def mails(_request):
    """Send mails in every way."""
    EmailMessage("one", "text", "a@x.org", ["b@x.org"]).send()
    with get_connection() as opened:
        opened.send_messages([EmailMessage("two", "text", "a@x.org", ["b@x.org"])])
    return HttpResponse("ok")


def stream(_request):
    """Answer in pieces."""
    return StreamingHttpResponse(iter([b"one ", b"two"]))


def boom(_request):
    """Fail."""
    Category.objects.create(name="boom", slug="boom")
    raise RuntimeError("boom")


def who(request):
    """Say who is logged in."""
    return JsonResponse({"user": request.user.get_username(), "is_in": request.user.is_authenticated})


def sent(_request):
    """Answer with a file."""
    return FileResponse(default_storage.open("kept.txt"))


urlpatterns = [
    path(f"{view.__name__}/", view)
    for view in (write, in_savepoint, durable, raw, call_out, files, mails, stream, boom, who, sent)
]
