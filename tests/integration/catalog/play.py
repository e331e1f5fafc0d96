"""What happens to the shop's pages while its catalogue moves, step by step; ends with 0 if all is as it should be.

``python -m tests.integration.catalog.play PORT PID``: where the shop listens, and the process of the service.
"""

from __future__ import annotations

import html
import os
import re
import signal
import sys
from datetime import UTC, datetime, timedelta

import django
from django.test.utils import setup_test_environment

django.setup()
setup_test_environment()

from django.conf import settings  # noqa: E402 - after the settings
from django.core.signals import setting_changed  # noqa: E402

from monolith.catalog import client  # noqa: E402
from monolith.catalog.models import Product  # noqa: E402
from strangler.calls import questions  # noqa: E402
from strangler.outbox.models import OutboxMessage  # noqa: E402
from tests.integration.catalog.stage import (  # noqa: E402
    MOVE,
    Stage,
    ask,
    await_known,
    await_owner,
    browse,
    command,
    doors_open,
    following,
    stand,
)

PATIENT = (
    "--budget-ms",
    "20000",
    "--actor",
    "test",
    "--reason",
    "test",
)  # of a busy machine: nobody writes here
CANVAS = "/catalog/products/canvas"


def main(port: int, service: int) -> None:
    """Play all of it."""
    stage = Stage()
    addresses = stage.addresses
    before = stage.pages(addresses)
    assert {status for status, _ in before.values()} == {200, 404}, {a: s for a, (s, _) in before.items()}
    assert before["/shop/product/hidden/"][0] == before["/shop/no-such-shelf/"][0] == 404
    assert ask("PATCH", CANVAS, etag='"x"', body={"name": "early"}).json()["error"] == "shop-silent"
    with doors_open(port):
        assert ask("PATCH", CANVAS, etag='"x"', body={"name": "early"}).json()["error"] == "not-owner"
        assert "Nothing stands against it." in command(*MOVE, "plan")
        with following():
            command(*MOVE, "verify", "--actor", "test", "--reason", "test")
            options = ("--live", "catalog.products", *PATIENT)
            command(*MOVE, "switch", *options)
            await_owner("catalog")
            await_known("live")
            look_live(stage, addresses, before)
            edit(stage)
            edit_as_staff(stage, port)
            changed = look_back_and_forth(stage, addresses)
            look_late(stage, addresses, changed, service)
            options = ("--legacy", "catalog.products", *PATIENT)
            command(*MOVE, "reverse", *options)
            await_owner("monolith")
            await_known("legacy")
            same(stage.pages(addresses), changed, "the shop's own tables, as they came back")
            assert Product.objects.get(slug="canvas").attributes["hook"] is True
            assert (
                stage.boss.post(
                    "/admin/catalog/category/add/", {"name": "New", "slug": "new", "position": 1}
                ).status_code
                == 302
            )


def same(found, wanted, where: str) -> None:
    """Fail where a page differs."""
    for address, (status, content) in wanted.items():
        assert found[address] == (status, content), (
            f"{where}: {address}\n{found[address]}\n{(status, content)}"
        )


def look_live(stage, addresses, before) -> None:
    """Every page is as it was, of what the service answered, in one call or two at the same time."""
    same(stage.pages(addresses), before, "the service")
    calls = {address: stage.calls(address) for address in addresses}
    assert max(calls.values()) <= 2, calls
    assert calls["/shop/"] == calls["/shop/product/canvas/"] == calls["/orders/cart/"] == 1, calls
    assert calls["/orders/"] == 0, calls


def edit(stage) -> None:
    """The service is where products are edited now: checked, one after the other, and told to others."""
    etag = ask("GET", CANVAS).headers["ETag"]
    schema = ask("GET", "/catalog/types/canvas").json()["document_schema"]
    schema["properties"]["hook"] = {"type": "boolean"}
    made = ask("POST", "/catalog/types/canvas", etag='"1"', body={"document_schema": schema})
    assert (made.status_code, made.json()["misfits"]) == (201, []), made.text
    told = OutboxMessage.objects.count()
    body = {"name": "Big canvas", "attributes": {"material": "cotton", "hook": True}}
    edited = ask("PATCH", CANVAS, etag=etag, body=body)
    assert edited.status_code == 200, edited.text
    assert ask("PATCH", CANVAS, etag=etag, body={"name": "lost"}).status_code == 412
    assert [
        each["slug"]
        for each in ask("GET", "/catalog/products?attributes.hook=true&q=canvas").json()["products"]
    ] == ["canvas"]
    assert b"Big canvas" in stage.ann.get("/shop/product/canvas/").content
    message = OutboxMessage.objects.order_by("pk").last()
    assert OutboxMessage.objects.count() > told
    assert "Big canvas" in str(message.body)
    page = stage.boss.get("/admin/catalog/product/")
    assert b"The catalog service owns categories and products now" in page.content
    assert stage.boss.get("/admin/catalog/product/add/").status_code == 403
    variants = stage.boss.get("/admin/catalog/variant/?q=big+canvas")
    assert b"canvas-1" in variants.content
    assert b"Big canvas" in variants.content


def edit_as_staff(stage, port: int) -> None:
    """The staff of the shop edits on the service's pages, through the facade that knows who they are; customers do not."""
    staff = browse(port, stage.boss)
    page = f"{staff.url}/catalog/staff/products/canvas/"
    shown = staff.get(page, timeout=10)
    assert (shown.status_code, "boss" in shown.text, "Big canvas" in shown.text) == (200, True, True)
    hidden = re.findall(r'name="(csrfmiddlewaretoken|etag|kind|name)" value="([^"]*)"', shown.text)
    form = {name: html.unescape(value) for name, value in hidden}
    form |= {"summary": "By the staff.", "category": "walls", "position": "3"}
    form |= {"is_active": "on", "is_featured": "on", "takes_photo": "on", "attributes.material": "cotton"}
    saved = staff.post(page, form | {"attributes.hook": "true"}, headers={"Referer": page}, timeout=10)
    assert (saved.status_code, "Saved." in saved.text) == (200, True), saved.text
    assert b"By the staff." in stage.ann.get("/shop/product/canvas/").content
    assert browse(port, stage.ann).get(page, timeout=10).status_code == 403


def look_back_and_forth(stage, addresses):
    """The shop's own code reads the tables where they are now, and shows the same."""
    changed = stage.pages(addresses)
    stand("legacy")
    same(stage.pages(addresses), changed, "the shop's code on the service's tables")
    assert stage.calls("/shop/") == 0
    stand("live")
    return changed


def look_late(stage, addresses, changed, service: int) -> None:
    """A silent service is noticed by nobody who can reach its tables, and by others with the time of what they see."""
    os.kill(service, signal.SIGSTOP)
    try:
        same(stage.pages(["/", "/shop/"]), {each: changed[each] for each in ("/", "/shop/")}, "fallback")
        reach = settings.STRANGLER["SERVICE_DATABASES"]
        _reach({})
        page = stage.ann.get("/shop/")
        assert page.status_code == 200
        assert b"Products are shown as of" in page.content
        assert b"Big canvas" in page.content
        client._answers = type(client._answers)(
            (path, type(each)(each.etag, each.content, datetime.now(UTC) - timedelta(hours=1)))
            for path, each in client._answers.items()
        )
        closed = stage.ann.get("/shop/")
        assert (closed.status_code, closed["Retry-After"]) == (503, "5")
        assert b"The shelves are closed for a moment" in closed.content
        _reach(reach)
    finally:
        os.kill(service, signal.SIGCONT)
        questions._breakers.clear()


def _reach(databases) -> None:
    settings.STRANGLER = {**settings.STRANGLER, "SERVICE_DATABASES": databases}
    setting_changed.send(sender=None, setting="STRANGLER", value=settings.STRANGLER, enter=True)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
