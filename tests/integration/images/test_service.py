"""The service as it runs: real web process, worker, beat and broker."""

import socket
import time

import pytest
from PIL import Image

from strangler.core.principal import Principal
from strangler.service import PRINCIPAL_HEADER, sign_principal
from tests.integration.images.stack import OWNER, TOKEN, jpeg, wait_until
from tests.unit.images import samples


def test_photos_are_accepted_at_once_and_end_in_the_shop(images):
    started = time.monotonic()
    answer = images.upload(jpeg(2000, 1500, seed=1), samples.turned(6, "JPEG"))
    assert answer.status_code == 202
    assert time.monotonic() - started < 2
    done = images.wait_for(answer.json(), "ready")
    assert [photo["progress"] for photo in done["photos"]] == [100, 100]
    adopted = {entry["id"]: entry for entry in images.shop.adopted}
    for photo in done["photos"]:
        for size, name in adopted[photo["id"]]["renditions"].items():
            with Image.open(images.media / name) as made:
                assert max(made.size) <= int(size)


def test_a_picture_that_only_decoding_shows_as_damaged_fails_alone(images):
    answer = images.upload(jpeg(seed=2), samples.damaged_png())
    done = images.wait_for(answer.json(), "ready")
    assert [photo["state"] for photo in done["photos"]] == ["ready", "failed"]
    assert "damaged" in done["photos"][1]["reason"]


def test_a_message_that_was_lost_is_sent_again(images, valkey):
    images.processes["worker"].send_signal(19)  # SIGSTOP: it must not take the message first
    try:
        upload = images.upload(jpeg(seed=3)).json()
        client = valkey_client(valkey)
        wait_until(lambda: client.delete("images"), what="the message in the queue")
        client.close()
    finally:
        images.processes["worker"].send_signal(18)
    images.wait_for(upload, "ready")


def valkey_client(valkey):
    from redis import Redis  # noqa: PLC0415 - one test needs it

    return Redis.from_url(valkey.url)


def test_a_shop_that_fails_gets_the_photo_later(images):
    images.shop.statuses = [500, 201]
    upload = images.upload(jpeg(seed=4)).json()
    wait_until(lambda: images.status(upload)["photos"][0]["progress"] == 90, what="renditions")
    assert images.status(upload)["photos"][0]["state"] == "processing"
    images.wait_for(upload, "ready")
    assert len([entry for entry in images.shop.refused if entry["id"] == upload["photos"][0]["id"]]) == 1


def test_nobody_else_sees_an_upload(images):
    upload = images.upload(jpeg(seed=5)).json()
    with pytest.raises(AssertionError):
        images.status(upload, owner=Principal(id="8", username="ben"))
    images.wait_for(upload, "ready")


def connect_for_upload(images, length):
    """Return a connection on which the head of an upload of *length* bytes was sent."""
    head = (
        f"POST /photos/upload/ HTTP/1.1\r\nHost: localhost\r\nContent-Length: {length}\r\n"
        f"Content-Type: multipart/form-data; boundary=B\r\nCookie: csrftoken={TOKEN}\r\nX-CSRFToken: {TOKEN}\r\n"
        f"{PRINCIPAL_HEADER}: {sign_principal(OWNER, audience='images')}\r\n\r\n"
    )
    connection = socket.create_connection(("127.0.0.1", images.port), timeout=20)
    connection.sendall(head.encode())
    return connection


def test_a_body_of_300_megabytes_is_refused_before_its_first_byte(images):
    with connect_for_upload(images, 300_000_000) as connection:
        assert connection.recv(4000).startswith(b"HTTP/1.1 413")


def test_an_upload_that_breaks_off_leaves_nothing(images):
    def files():
        return {path for path in images.media.rglob("*") if path.is_file()}

    before = files()
    with connect_for_upload(images, 99_000_000) as connection:
        connection.sendall(
            b'--B\r\nContent-Disposition: form-data; name="photos"; filename="big.jpg"\r\n\r\n'
        )
        connection.sendall(b"\xff\xd8\xff" + b"x" * 200_000)
        wait_until(lambda: files() - before, what="a temporary file")
    wait_until(lambda: files() == before, what="no file left")


def test_many_requests_with_one_id_at_once_make_one_upload(images):
    from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415 - one test needs it

    headers = {"Strangler-Request-Id": "f" * 32}
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: images.upload(jpeg(seed=6), **headers), range(24)))
    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.json()["id"] for answer in answers}) == 1
