"""The welcome mail moves to the email service: people register whether or not the mail server and the broker are there."""

import re
import time
from collections.abc import Sequence
from http import HTTPStatus

from monolith.journey.narrator import duration
from monolith.journey.scene import PATIENCE, Scene
from monolith.journey.site import MAIL_SEAM, needs_valkey
from monolith.journey.visitor import Answer, Visitor

TITLE = "mail"
DURING_OUTAGE = ("gina", "hugo", "ida")
TOLERATED_SECONDS = 2  # more than when all is well; whoever waits for a frozen broker waits longer
SECOND_COPY_SECONDS = 3
SERVICE_MESSAGE_ID = re.compile(r"<[0-9a-f-]{36}@halftone\.example>")  # the id of the service's message


def play(scene: Scene) -> None:
    """Register without a mail server on legacy, through the service, through an outage, and on legacy again."""
    fay = _be_turned_away(scene)
    usual = _go_live(scene, fay)
    people = _register_in_the_outage(scene, usual=usual)
    _come_back(scene, people)
    _go_back(scene)


def _be_turned_away(scene: Scene) -> Visitor:
    """Show what hurts: legacy can't register anybody without the mail server."""
    scene.site.kill("smtp")
    fay = _newcomer(scene, "fay")
    answer = fay.register()
    is_refused = answer.status == HTTPStatus.SERVICE_UNAVAILABLE
    scene.out.check(is_refused, f"legacy, the mail server is down: fay can't register, {_told(answer)}")
    with scene.out.waiting("the mail server starts again"):
        scene.site.start("smtp")
    return fay


def _go_live(scene: Scene, fay: Visitor) -> float:
    """Have a mail sent by the service; returns how many seconds it takes to register when all is well."""
    scene.rollout("live", "--reason", "no more waiting", seam=MAIL_SEAM)
    started = time.perf_counter()
    answer = fay.register()
    scene.out.check(answer.is_done, f"live: fay registers, {_told(answer)}")
    mail = scene.site.mailbox.wait_for(to=fay.email)
    seconds = time.perf_counter() - started
    is_from_service = mail is not None and bool(SERVICE_MESSAGE_ID.fullmatch(mail["Message-ID"]))
    scene.out.check(is_from_service, f"her welcome mail comes from the service, {duration(seconds)} after")
    scene.out.figure("registration with its mail through the service: answer after", duration(answer.seconds))
    scene.out.figure("the mail is in the mailbox after", duration(seconds))
    return answer.seconds


def _register_in_the_outage(scene: Scene, *, usual: float) -> list[Visitor]:
    """Register people while neither broker nor mail server answer; returns them."""
    killed = scene.site.kill("smtp")
    if needs_valkey():
        scene.site.freeze("valkey")
        scene.out.say(f"SIGKILL to {', '.join(killed)}, SIGSTOP to the broker")
    else:
        scene.out.say(
            f"SIGKILL to {', '.join(killed)}; BROKER_URL names a broker that is not ours to stop, so it goes on"
        )
    people = [_newcomer(scene, name) for name in DURING_OUTAGE]
    slowest = max(_register_at_once(scene, visitor, limit=usual + TOLERATED_SECONDS) for visitor in people)
    scene.out.figure(
        f"registration without {'broker and ' if needs_valkey() else ''}mail server: slowest of {len(people)}",
        duration(slowest),
    )
    printed = scene.command("strangler", "status")
    if needs_valkey():
        waiting = _waiting_in_outbox(printed)
        scene.out.check(waiting == len(people), f"{waiting} welcome mails wait in the shop's outbox")
    return people


def _register_at_once(scene: Scene, visitor: Visitor, *, limit: float) -> float:
    answer = visitor.register()
    is_logged_in = visitor.get("/account/profile/").status == HTTPStatus.OK
    is_quick = answer.is_done and answer.seconds < limit
    name = visitor.name.split("-")[0]
    scene.out.check(is_quick and is_logged_in, f"{name} registers and is logged in, {_told(answer)}")
    return answer.seconds


def _come_back(scene: Scene, people: Sequence[Visitor]) -> None:
    """Bring both back and count the mails."""
    started = time.perf_counter()
    if needs_valkey():
        scene.site.thaw("valkey")
        scene.out.say("SIGCONT to the broker")
    with scene.out.waiting("the mail server starts again"):
        scene.site.start("smtp")
        mails = [scene.site.mailbox.wait_for(to=visitor.email, patience=PATIENCE) for visitor in people]
    seconds = time.perf_counter() - started
    scene.out.check(all(mails), f"all {len(people)} mails are there after {duration(seconds)}")
    with scene.out.waiting(f"does a second copy come? {SECOND_COPY_SECONDS} s more"):
        time.sleep(SECOND_COPY_SECONDS)
    copies = {visitor.name: _message_ids(scene, visitor) for visitor in people}
    is_once = all(len(ids) == 1 for ids in copies.values())
    scene.out.check(is_once, "each of them once, and no second copy comes")
    scene.out.explain([f"{name} has {ids}" for name, ids in copies.items() if len(ids) != 1])
    scene.out.figure("after the outage, all welcome mails are there, once, in", duration(seconds))


def _go_back(scene: Scene) -> None:
    """Return to mail that is sent in the request."""
    scene.rollout("legacy", "--reason", "because we can", seam=MAIL_SEAM)
    jack = _newcomer(scene, "jack")
    answer = jack.register()
    ids = _message_ids(scene, jack)
    is_in_the_request = answer.is_done and len(ids) == 1 and not SERVICE_MESSAGE_ID.fullmatch(ids[0])
    scene.out.check(
        is_in_the_request, f"jack registers, {_told(answer)}: the shop has sent his mail before it answers"
    )


def _newcomer(scene: Scene, first_name: str) -> Visitor:
    """Return somebody who has not registered yet."""
    return Visitor(scene.site.url, name=f"{first_name}-{scene.run}")


def _message_ids(scene: Scene, visitor: Visitor) -> list[str]:
    return [str(mail["Message-ID"]) for mail in scene.site.mailbox.mails(to=visitor.email)]


def _waiting_in_outbox(status: str) -> int:
    """Read from what `strangler status` printed how many messages of the seam wait in the outbox."""
    found = re.search(rf"^\s*{re.escape(MAIL_SEAM)}\s+email\s+(\d+) \+", status, re.MULTILINE)
    return int(found[1]) if found else 0


def _told(answer: Answer) -> str:
    return f"{answer.status} after {duration(answer.seconds)}"
