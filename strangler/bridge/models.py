"""Which user of this side is which of the other, and what both know of them."""

from __future__ import annotations

import uuid
from typing import ClassVar, Self

from django.conf import settings
from django.db import models


class Link(models.Model):
    """One user on both sides.

    A primary key is not the same on both: each side makes users, and their numbers would meet. `uid` is.
    """

    objects: ClassVar[models.Manager[Self]] = models.Manager()

    uid = models.UUIDField(unique=True, default=uuid.uuid4)
    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    peer_id = models.CharField(
        max_length=40, blank=True, db_index=True, help_text="primary key on the other side"
    )
    agreed = models.JSONField(default=dict, help_text="what the other side has for certain; empty if nothing")
    due_at = models.DateTimeField(null=True, db_index=True, help_text="when it is sent; empty while in step")
    problem = models.CharField(max_length=500, blank=True, help_text="why it can't be kept in step")

    class Meta:
        verbose_name = "user of both sides"
        verbose_name_plural = "users of both sides"

    def __str__(self) -> str:
        return f"{self.uid}"


class EndedLogin(models.Model):
    """In the monolith: a login of the service that has ended, on whichever side.

    `cookie` is empty once the service knows. The row stays a while, since processes may remember the login.
    """

    objects: ClassVar[models.Manager[Self]] = models.Manager()

    digest = models.CharField(
        max_length=64, unique=True, help_text="of the cookie: it is nobody's here any more"
    )
    cookie = models.CharField(max_length=200)
    ended_at = models.DateTimeField()

    class Meta:
        verbose_name = "ended login"

    def __str__(self) -> str:
        return f"{self.digest[:8]}…"
