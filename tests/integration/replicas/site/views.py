"""Write a number, and read it again."""

from __future__ import annotations

from django.db import connections
from django.http import JsonResponse
from django.urls import path

from tests.integration.replicas.site.models import Note


def note(request, visitor):
    """Take the number of a POST; show the number that is there, and the id of the server that it was read from."""
    if request.method == "POST":
        number = int(request.GET["number"])
        Note.objects.update_or_create(visitor=visitor, defaults={"number": number})
        if request.GET.get("plain"):
            return JsonResponse({})
    found = Note.objects.filter(visitor=visitor).first()
    return JsonResponse(
        {"number": found.number if found else 0, "server": server(found._state.db if found else "default")}
    )


def server(alias):
    """Return the id of the server behind *alias*."""
    with connections[alias].cursor() as cursor:
        cursor.execute("SELECT @@server_id")
        return cursor.fetchone()[0]


urlpatterns = [path("note/<str:visitor>/", note)]
