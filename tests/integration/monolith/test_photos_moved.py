"""The shop after its photos have moved: in another database, behind a raised fence in this one, and back."""

import json
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db import connections, transaction
from django.db.models import ProtectedError
from django.utils import timezone

from monolith.orders.models import Order, OrderItem
from monolith.photos.models import Photo
from monolith.reports import feed
from strangler.bridge import users
from strangler.bridge.models import Link
from strangler.errors import LooseKeyError, UserConflictError
from strangler.isolation import ends, loose, ownership, snapshot
from strangler.isolation.models import LooseEnd
from strangler.move.databases import dialect_of
from strangler.move.fence import Fence
from strangler.outbox.models import OutboxMessage

pytestmark = pytest.mark.django_db(transaction=True)
TABLES = {"photos_photo": "photos.Photo"}
SECOND = timedelta(seconds=1)


class Home:
    """Where the photos are: a second database, and who owns the table."""

    def __init__(self):
        self.fence = Fence(dialect=dialect_of(connections["default"]), move=7, service="images")

    def switch(self):
        """Copy the photos, raise the fence here and give the table to the service, as a switch does."""
        rows = list(Photo.objects.using("default").values())
        Photo.objects.using("images").bulk_create(Photo(**row) for row in rows)
        self.fence.arm({1: "photos_photo"}, is_raised=True)
        self._say("images", raised=True)

    def reverse(self):
        """Bring the photos of now back, and lower the fence."""
        self._say("monolith", raised=False)
        kept = Photo.objects.using("images").values_list("pk", flat=True)
        Photo.objects.using("default").exclude(pk__in=list(kept)).delete()

    def _say(self, owner, *, raised):
        self.fence.put(is_raised=raised)
        ownership.assign(TABLES, owner=owner)
        snapshot.refresh()


@pytest.fixture
def home(settings, tmp_path):
    settings.DATABASE_ROUTERS = ["strangler.isolation.router.OwnershipRouter"]
    settings.STRANGLER = {**settings.STRANGLER, "SERVICE_DATABASES": {"images": "images"}}
    name = str(tmp_path / "images.sqlite3")
    plain = {"ENGINE": "django.db.backends.sqlite3", "NAME": name}
    connections.databases["images"] = {**connections.databases["default"], **plain, "OPTIONS": {}}
    connections["images"].connect()  # by hand: Django's own tests know of no databases that come later
    with connections["images"].schema_editor() as editor:
        editor.create_model(Photo)
    made = Home()
    yield made
    made.fence.disarm({1: "photos_photo"})
    connections["images"].close()
    del connections["images"], connections.databases["images"]
    snapshot.forget()


@pytest.fixture
def second(photo):
    """A photo of the same customer that was not made here."""
    values = {**Photo.objects.values().get(), "id": None, "uuid": None, "checksum": "b" * 64}
    return Photo.objects.create(**values | {"uuid": "0" * 32, "original": "images/originals/ab/x.jpg"})


def test_a_customer_deleted_by_the_staff_takes_photos_and_their_files_along_before_and_after_a_switch(
    home, staff, photo, second, files, make_customer
):
    home.switch()
    someone = make_customer("eve")
    url = f"/admin/auth/user/{photo.owner_id}/delete/"
    assert staff.get(url).status_code == 200
    assert Photo.objects.count() == 2, "the page that asks deletes nothing"
    assert not LooseEnd.objects.exists()
    assert staff.post(url, {"post": "yes"}).status_code == 302
    assert not User.objects.filter(pk=photo.owner_id).exists()
    assert not Photo.objects.exists()
    assert not LooseEnd.objects.exists()
    assert files() == []
    assert Photo.objects.using("default").count() == 2, "the old rows are nobody's business"
    home.reverse()
    Photo.objects.create(**{**vars_of(second), "owner_id": someone.pk})
    someone.delete()
    assert not Photo.objects.using("default").exists()


def test_what_could_not_be_done_is_done_later_once_wherever_the_photos_are_then(home, photo, monkeypatch):
    home.switch()
    owner = photo.owner
    with monkeypatch.context() as patch:
        patch.setattr(ends, "do_if_free", lambda end: None)  # as if the process had died behind its commit
        owner.delete()
    assert Photo.objects.count() == 1
    assert ends.do_due() == 0, "it is for the process that wrote it, a moment long"
    home.reverse()
    LooseEnd.objects.update(due_at=timezone.now())
    assert ends.do_due() == 1
    assert not Photo.objects.using("default").exists()
    assert Photo.objects.using("images").count() == 1, "the old rows are nobody's business"
    assert (ends.do_due(), ends.waiting()) == (0, 0)


def test_a_database_that_is_away_delays_it_and_a_customer_who_is_there_again_keeps_the_photos(
    home, photo, make_customer
):
    home.switch()
    owner, pk = photo.owner, photo.owner_id
    with connections["images"].cursor() as cursor:
        cursor.execute("ALTER TABLE photos_photo RENAME TO away")
    owner.delete()
    end = LooseEnd.objects.get()
    assert (end.tries, "photos_photo" in end.problem) == (1, True)
    with connections["images"].cursor() as cursor:
        cursor.execute("ALTER TABLE away RENAME TO photos_photo")
    make_customer("again", pk=pk)
    assert ends.do(end)
    assert Photo.objects.count() == 1


def test_a_customer_deleted_at_the_accounts_service_takes_photos_and_their_files_along(
    home, photo, second, files
):
    home.switch()
    assert users.receive(deleted_over_there(photo.owner))["record"] is None
    assert not User.objects.filter(pk=photo.owner_id).exists()
    assert not Photo.objects.exists()
    assert not LooseEnd.objects.exists()
    assert files() == []


def test_one_customer_whose_photos_nothing_leads_to_holds_up_no_other(
    home, photo, make_customer, settings, monkeypatch
):
    home.switch()
    settings.STRANGLER = {**settings.STRANGLER, "SERVICE_DATABASES": {}}
    snapshot.refresh()
    deleted = deleted_over_there(photo.owner)
    with pytest.raises(UserConflictError, match="SERVICE_DATABASES"):
        users.receive(deleted)
    changed = users.item_of(Link.objects.get_or_create(user=make_customer("eve"))[0])
    items = [deleted, changed]
    answers = {each["uid"]: {"uid": each["uid"], "id": "4711", "record": each["sent"]} for each in items}
    monkeypatch.setattr(users, "ask", lambda *_, document: [answers[each["uid"]] for each in document])
    assert users.push(users.links_of(each["uid"] for each in items)) == 1
    assert User.objects.filter(pk=photo.owner_id).exists()
    assert "SERVICE_DATABASES" in Link.objects.get(user=photo.owner).problem


def deleted_over_there(user):
    """Return what the accounts service says of a user whom it has deleted."""
    link, _ = Link.objects.get_or_create(user=user)
    return {"uid": str(link.uid), "id": "", "base": link.agreed, "sent": None}


def test_reports_hear_of_photos_in_the_other_database_once_they_are_there_and_once_they_are_gone(
    home, photo, settings
):
    home.switch()
    settings.REPORTS_FEED = True
    new = {**Photo.objects.values().get(), "id": None, "uuid": "0" * 32, "checksum": "b" * 64}
    with transaction.atomic(using="images"):
        Photo.objects.create(**new)
        assert _told() == [], "it may be rolled back yet"
        transaction.set_rollback(True, using="images")
    assert _told() == []
    made = Photo.objects.create(**new)
    assert [(body["table"], [row[0] for row in body["rows"]]) for body in _told()] == [("photo", [made.pk])]
    with transaction.atomic(using="images"):
        Photo.objects.get(pk=made.pk).delete()
        transaction.set_rollback(True, using="images")
    assert len(_told()) == 1, "it is still there"
    pk = made.pk
    made.delete()
    assert _told()[-1]["deleted"] == [pk]


def _told():
    messages = OutboxMessage.objects.filter(type=feed.CHANGED).order_by("pk")
    return [json.loads(message.body) for message in messages]


def test_a_rolled_back_deletion_leaves_the_photos(home, photo):
    home.switch()
    with transaction.atomic():
        photo.owner.delete()
        transaction.set_rollback(True)
    assert (Photo.objects.count(), LooseEnd.objects.count()) == (1, 0)


def test_a_protecting_key_protects_in_the_other_database_too(home, photo, monkeypatch):
    monkeypatch.setattr(Photo._meta.get_field("owner").remote_field, "on_delete", loose.PROTECT)
    home.switch()
    owner = photo.owner
    with pytest.raises(ProtectedError, match=r"Photo\.owner"):
        owner.delete()
    Photo.objects.all().delete()
    owner.delete()
    assert not User.objects.filter(username=owner.username).exists()


def test_an_emptied_key_is_a_loose_end_too(home, photo, canvas):
    order = Order.objects.create(user=photo.owner)
    item = order.items.create(variant=canvas.variants.get(), photo=photo, unit_price=1, quantity=1)
    key = OrderItem._meta.get_field("photo")
    (end,) = ends.write(key, rule=ends.SET_NULL, values={photo.pk}, using="default")
    photo.delete()
    assert ends.do(end)
    item.refresh_from_db()
    assert item.photo_id is None


def test_a_key_that_stays_behind_can_not_have_a_loose_end(home, photo, monkeypatch):
    monkeypatch.setattr(OrderItem._meta.get_field("photo").remote_field, "on_delete", loose.SET_NULL)
    home.switch()
    with pytest.raises(LooseKeyError, match="DO_NOTHING"):
        Photo.objects.get().delete()
    assert Photo.objects.count() == 1


def test_without_a_way_to_the_new_owner_the_deletion_says_what_to_do(home, photo, settings):
    home.switch()
    settings.STRANGLER = {**settings.STRANGLER, "SERVICE_DATABASES": {}}
    snapshot.refresh()
    with pytest.raises(LooseKeyError, match=r"photos\.Photo\.owner.*SERVICE_DATABASES"):
        photo.owner.delete()
    assert User.objects.filter(pk=photo.owner_id).exists()


def test_pages_of_orders_and_of_the_staff_say_that_a_photo_was_removed(home, browser, staff, canvas, photo):
    form = {"variant": canvas.variants.get().pk, "quantity": 1, "photo": str(photo.uuid)}
    browser.post(f"/orders/cart/add/{canvas.slug}/", form)
    address = {"name": "Ada", "street": "1 High Street", "postcode": "LS1", "city": "Leeds", "country": "UK"}
    browser.post("/orders/checkout/", address)
    placed = Order.objects.get()
    item = placed.items.get()
    home.switch()
    for path in (
        "photos/photo/?q=ada",
        "photos/photo/",
        "orders/orderitem/",
        f"orders/orderitem/{item.pk}/change/",
    ):
        assert "holiday" in staff.get(f"/admin/{path}").text
    assert "removed" not in browser.get(placed.get_absolute_url()).text
    browser.post(f"/photos/{photo.uuid}/delete/")
    item.refresh_from_db()
    assert item.photo_id == photo.pk, "that there was a photo is part of the order"
    assert "This photo was removed." in browser.get(placed.get_absolute_url()).text
    assert f"removed ({photo.pk})" in staff.get("/admin/orders/orderitem/").text
    page = f"/admin/orders/order/{placed.pk}/change/"
    assert staff.get(page).status_code == 200


def vars_of(photo):
    """Return the columns of a photo that is new."""
    return {
        field.attname: getattr(photo, field.attname) for field in Photo._meta.fields if field.name != "id"
    }
