"""Users on both sides, kept in step: who changed one sends it, and whoever receives it decides what holds.

At least once and idempotent: a user is due until the other side has answered, and sending it again changes nothing
(`strangler.core.agreement`). No order is needed, since a version carries the whole record. A field that both sides
changed meanwhile holds as the monolith has it, and is logged. What is due is sent at the end of the web request that
changed it, and, if that fails, by `strangler users follow`, which also fetches what is due on the other side.
"""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.db import DatabaseError, IntegrityError, OperationalError, transaction
from django.utils import timezone

from strangler.bridge import records
from strangler.bridge.models import Link
from strangler.bridge.noticing import applying
from strangler.bridge.peer import ask
from strangler.conf import config
from strangler.core.agreement import agree, settle
from strangler.effects import at_hand
from strangler.errors import LooseKeyError, PeerUnavailableError, UserConflictError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from django.contrib.auth.models import AbstractBaseUser

    from strangler.core.agreement import Record

    Item = dict[str, Any]

logger = logging.getLogger(__name__)

PATH = "/_strangler/users"
BATCH = 100
_CROSSED = (IntegrityError, OperationalError)
"""What somebody meets who stores the same user at the same moment: it is there already, or a deadlock."""

_AGAIN = timedelta(seconds=30)
"""How long a user waits that the other side refused."""


def item_of(link: Link) -> Item:
    """Return what the other side is sent of a user: `sent` is None for one that was deleted."""
    user = link.user
    return {
        "uid": str(link.uid),
        "id": "" if user is None else str(user.pk),
        "base": link.agreed,
        "sent": None if user is None else records.read(user),
    }


def receive(item: Item) -> Item:
    """Take a user of the other side, and return what holds from now on: `uid`, `id`, `record` (None: deleted).

    Raises:
        UserConflictError: it can't be stored here; nothing was.
    """
    try:
        return _receive_at_once(item)
    except _CROSSED:
        return _receive_after_another(item)


def _receive_after_another(item: Item) -> Item:
    """Try again what met somebody who stored the same user at the same moment, and so finds it now."""
    try:
        return _receive_at_once(item)
    except _CROSSED as error:
        raise UserConflictError(item["uid"], reason=str(error)) from error


def _receive_at_once(item: Item) -> Item:
    try:
        with transaction.atomic(), applying():
            return _receive(item)
    except _CROSSED:
        raise
    except (DatabaseError, ValidationError, LooseKeyError) as error:
        raise UserConflictError(item.get("uid"), reason=str(error)) from error
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise UserConflictError("of a strange form", reason=repr(error)) from error


def push(links: Sequence[Link]) -> int:
    """Send users to the other side, and take its answers; returns how many are in step now.

    Raises:
        PeerUnavailableError: nothing is lost, all of them stay due.
    """
    items = [item_of(link) for link in links]
    if not items:
        return 0
    answers = ask("POST", PATH, document=items)
    if not isinstance(answers, list) or len(answers) != len(items):
        raise PeerUnavailableError("The other side", reason="answered something else than users")
    return sum(_settle(item, answer) for item, answer in zip(items, answers, strict=True))


def push_quietly(user_pks: Iterable[Any]) -> None:
    """Send users now, or leave them due: `strangler users follow` sends them later. In a sandbox nothing is due."""
    if at_hand.keeper.get() is not None:
        return
    try:
        push(list(Link.objects.filter(user_id__in=list(user_pks)).select_related("user")[:BATCH]))
    except PeerUnavailableError as error:
        logger.warning("%s", error)


def fetch(user_id: str) -> AbstractBaseUser | None:
    """Return the user whose primary key on the other side is *user_id*, asking for it if it is not here yet.

    Raises:
        PeerUnavailableError, UserConflictError
    """
    link = Link.objects.filter(peer_id=user_id, user__isnull=False).select_related("user").first()
    if link is not None:
        return user_of(link)
    item = ask("GET", f"{PATH}/{user_id}")
    return find(receive(item)["uid"]) if item is not None else None


def has_news(link: Link) -> bool:
    """Whether the password was changed here, and the other side, which may go on with logins by the old one, was not told yet."""
    user = user_of(link)
    return link.due_at is not None and user is not None and link.agreed.get("password") != user.password


def find(uid: str) -> AbstractBaseUser | None:
    """Return the user that both sides know by *uid*, if it is here."""
    link = Link.objects.filter(uid=uid).select_related("user").first()
    return user_of(link) if link is not None else None


def user_of(link: Link) -> AbstractBaseUser | None:
    """Return the user here; None for one that was deleted."""
    user: AbstractBaseUser | None = link.user
    return user


def links_of(uids: Iterable[str]) -> list[Link]:
    """Return the links of the users that both sides know by *uids*."""
    return list(Link.objects.filter(uid__in=list(uids)).select_related("user"))


def due(limit: int = BATCH) -> list[Link]:
    """Return users that the other side is to be told, those first that wait longest."""
    waiting = Link.objects.filter(due_at__lte=timezone.now()).order_by("due_at")
    return list(waiting.select_related("user")[:limit])


def find_unnoticed() -> int:
    """Mark the users that changed past Django's signals, or have no link yet; returns how many."""
    users = get_user_model()._default_manager  # noqa: SLF001 - what Django's own log-in uses
    known = Link.objects.filter(user__isnull=False).values("user_id")
    missing = [
        Link(user_id=pk, due_at=timezone.now())
        for pk in users.exclude(pk__in=known).values_list("pk", flat=True)
    ]
    Link.objects.bulk_create(missing, batch_size=BATCH)
    changed = [
        link.pk
        for link in Link.objects.filter(due_at__isnull=True, user__isnull=False)
        .select_related("user")
        .iterator()
        if link.user is not None and records.read(link.user) != link.agreed
    ]
    Link.objects.filter(pk__in=changed).update(due_at=timezone.now())
    return len(missing) + len(changed)


def _receive(item: Item) -> Item:
    uid = UUID(item["uid"])
    link = _link_of(uid, item["sent"])
    if item["sent"] is None or (link.pk is not None and link.user is None):
        return _bury(link)
    user = link.user or get_user_model()()
    mine = records.read(user) if user.pk is not None else dict.fromkeys(item["sent"])
    agreement = agree(
        item["sent"],
        base=item["base"] if link.pk is not None else {},
        mine=mine,
        agreed=link.agreed,
        is_mine_stronger=user.pk is not None and not config().service,
    )
    if agreement.conflicts:
        logger.warning("User %s was changed on both sides: %s", uid, ", ".join(agreement.conflicts))
    records.write(user, agreement.record)
    record = records.read(user)
    link.user, link.peer_id, link.problem = user, item["id"], ""
    # What the other side has for certain: of the answer nobody knows whether it arrives.
    link.agreed = {name: item["sent"].get(name, value) for name, value in record.items()}
    link.due_at = None if record == link.agreed else timezone.now()
    link.save()
    return {"uid": str(uid), "id": str(user.pk), "record": record}


def _link_of(uid: UUID, sent: Record | None) -> Link:
    """Return the link of *uid*, or a new one; of a user that was copied to both sides before, that one's."""
    link = Link.objects.select_for_update().filter(uid=uid).first()
    if link is not None or sent is None:
        return link or Link(uid=uid)
    users = get_user_model()
    name = sent[users.USERNAME_FIELD]
    same = users._default_manager.filter(**{users.USERNAME_FIELD: name}).first()  # noqa: SLF001
    if same is None:
        return Link(uid=uid)
    # Two people may have registered one name at the same moment; a salted password that is the same is a copy's.
    if "password" not in sent or records.read(same).get("password") != sent["password"]:
        raise UserConflictError(uid, reason=f"somebody else is {name!r} here. Rename one of them.")
    link = Link.objects.select_for_update().filter(user=same).first() or Link(user=same)
    link.uid = uid
    return link


def _bury(link: Link) -> Item:
    """Delete the user; the link stays, so that nobody makes it again."""
    user, link.user, link.due_at = link.user, None, None
    link.agreed = {}
    link.save()
    if user is not None:
        user.delete()
    return {"uid": str(link.uid), "id": "", "record": None}


def _settle(item: Item, answer: Item) -> bool:
    uid = item["uid"]
    if answer.get("error"):
        return _put_off(uid, problem=str(answer["error"]))
    try:
        with transaction.atomic(), applying():
            link = Link.objects.select_for_update().filter(uid=uid).first()
            if link is None:
                return False  # a copied user: the other side named it meanwhile
            if answer["record"] is None:
                _bury(link)
                return True
            return _take_answer(link, item, answer)
    except (
        LooseKeyError
    ) as error:  # it was deleted there and can't be here; the others of the batch are not to wait
        return _put_off(uid, problem=str(UserConflictError(uid, reason=str(error))))


def _put_off(uid: str, *, problem: str) -> bool:
    logger.warning("%s", problem)
    Link.objects.filter(uid=uid).update(due_at=timezone.now() + _AGAIN, problem=problem[:500])
    return False


def _take_answer(link: Link, item: Item, answer: Item) -> bool:
    link.peer_id, link.problem, link.agreed = answer["id"], "", answer["record"]
    if link.user is not None:
        records.write(
            link.user, settle(answer["record"], sent=item["sent"] or {}, mine=records.read(link.user))
        )
    is_in_step = link.user is not None and records.read(link.user) == link.agreed
    link.due_at = None if is_in_step else timezone.now()
    link.save()
    return is_in_step
