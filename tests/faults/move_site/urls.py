"""Writes of every kind; each answers only after its commit."""

import json

from django.db import connections, router, transaction
from django.db.models import F
from django.http import HttpResponse, JsonResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt

from tests.faults.move_site.shelf.models import Album, Photo, Tag
from tests.faults.move_site.tasks import note, stamp


def database():
    return router.db_for_write(Photo) or "default"


def insert(owner, title):
    return Photo.objects.create(owner=owner, title=title).pk


def update(pk):
    return Photo.objects.filter(pk=pk).update(number=F("number") + 1)


def save(pk):
    photo = Photo.objects.get(pk=pk)
    photo.number += 1
    photo.save()


def delete(pk):
    return Photo.objects.get(pk=pk).delete()[0]


def rekey(old, new):
    with transaction.atomic(using=database()):
        if not Tag.objects.filter(name=old).update(name=new, number=F("number") + 1):
            Tag.objects.create(name=new)


def bulk(owner):
    return Photo.objects.filter(owner=owner).update(number=F("number") + 1)


def album(owner, titles):
    with transaction.atomic(using=database()):
        made = Album.objects.create(owner=owner)
        Photo.objects.bulk_create([Photo(album=made, owner=owner, title=title) for title in titles])
    return made.pk


def drop(pk):
    return Album.objects.get(pk=pk).delete()[0]


def task(title):
    """Have a task make a photo, on whichever side its seam is."""
    stamp.delay(title)


def call(title):
    """Call a function that makes a photo, or is a message to the service."""
    note(title)


def raw(pk):
    with connections[database()].cursor() as cursor:
        cursor.execute("UPDATE shelf_photo SET number = number + 1 WHERE id = %s", [pk])
        return cursor.rowcount


def view(work):
    @csrf_exempt
    def answer(request):
        return JsonResponse({"result": work(**json.loads(request.body))})

    return answer


WORKS = (insert, update, save, delete, rekey, bulk, album, drop, raw, task, call)
urlpatterns = [
    path("ready", lambda request: HttpResponse("ready")),
    *(path(work.__name__, view(work)) for work in WORKS),
]
