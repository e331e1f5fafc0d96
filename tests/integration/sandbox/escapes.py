"""Views that try to get out of the sandbox, or that would notice it."""

import subprocess
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

from celery import Celery, chain, chord
from django.core.cache import caches
from django.core.files.storage import default_storage
from django.core.mail import send_mail
from django.db import IntegrityError, close_old_connections, connection, transaction
from django.http import HttpResponse, JsonResponse
from django.urls import path

from monolith.catalog.models import Category
from monolith.mail.models import MailLog
from strangler.errors import SandboxError

HELD = caches["default"]
app = Celery("escapes", broker="redis://127.0.0.1:1/0", set_as_current=False)


def row(slug):
    """Write a row."""
    return Category.objects.create(name=slug, slug=slug)


@app.task(name="escapes.add")
def add(*numbers):
    """Write a row that tells what the task got."""
    row("-".join(map(str, numbers)))
    return sum(numbers)


def _in_thread():
    with suppress(SandboxError):
        row("thread")
    connection.close()


def thread(_request):
    """Write from a thread of its own."""
    started = threading.Thread(target=_in_thread)
    started.start()
    started.join()
    return HttpResponse("ok")


def pool(_request):
    """Write from a pool."""
    with ThreadPoolExecutor(1) as workers:
        workers.submit(_in_thread).result()
    return HttpResponse("ok")


def commit(_request):
    """Commit past Django."""
    row("committed")
    connection.connection.commit()
    return HttpResponse("ok")


def sql(request):
    """Execute what the test wants, and say nothing of it."""
    row("sql")
    with suppress(SandboxError), connection.cursor() as cursor:
        cursor.execute(request.GET["sql"])
    return HttpResponse("ok")


def closing(_request):
    """Close connections in the middle, as long work does."""
    row("before")
    close_old_connections()
    connection.close()
    row("after")
    return HttpResponse(Category.objects.count())


def duplicate(_request):
    """Go on after a row that was there, without a block."""
    row("same")
    with suppress(IntegrityError):
        row("same")
    with suppress(IntegrityError), transaction.atomic(savepoint=False):
        row("undone")
        row("same")
    return HttpResponse(Category.objects.count())


def hooks(_request):
    """Tell when hooks of the commit ran."""
    ran = []
    with transaction.atomic():
        with transaction.atomic():
            transaction.on_commit(lambda: ran.append("block"))
        ran.append("inside")
    transaction.on_commit(lambda: ran.append("none"))
    return JsonResponse(ran, safe=False)


def many(_request):
    """Write more rows than there may be hooks."""
    with transaction.atomic():
        for number in range(1_200):
            MailLog.objects.create(kind="letter", recipient=f"{number}@x.org", subject="m", status="sent")
        transaction.on_commit(lambda: send_mail("after", "", "a@x.org", ["b@x.org"]))
    return HttpResponse("ok")


def cached(_request):
    """Write to a cache that was looked up before."""
    HELD.set("held", 1)
    HELD.set_many({"more": 2})
    return JsonResponse({"held": HELD.get("held"), "more": HELD.incr("more")})


def process(_request):
    """Start a process."""
    with suppress(SandboxError):
        subprocess.run(["true"], check=False)
    return HttpResponse("ok")


def chained(_request):
    """Send a task and what follows it."""
    chain(add.s(1), add.s(2)).delay()
    return HttpResponse("ok")


def chorded(_request):
    """Send tasks that meet in a result back end."""
    with suppress(SandboxError):
        chord([add.s(1)], add.s(2)).delay()
    return HttpResponse("ok")


def opened(_request):
    """Change a file by opening it."""
    with default_storage.open("kept.txt", "ab") as file:
        file.write(b" and more")
    with default_storage.open("new.txt", "wb") as file:
        file.write(b"new")
    default_storage.delete("gone.txt")
    return JsonResponse(default_storage.listdir("")[1], safe=False)


VIEWS = (
    thread,
    pool,
    commit,
    sql,
    closing,
    duplicate,
    hooks,
    many,
    cached,
    process,
    chained,
    chorded,
    opened,
)
urlpatterns = [path(f"{view.__name__}/", view) for view in VIEWS]
