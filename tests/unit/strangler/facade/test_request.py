"""WSGI and ASGI requests become the same value."""

import io

import pytest
from django.core.handlers.wsgi import get_path_info

from strangler.facade.framing import Framing
from strangler.facade.request import AsgiIncoming, Incoming, WsgiIncoming

ENVIRON = {
    "REQUEST_METHOD": "POST",
    "SCRIPT_NAME": "",
    "PATH_INFO": "/photos/Ã¤/",
    "QUERY_STRING": "x=1",
    "RAW_URI": "/photos/%C3%A4/?x=1",
    "REMOTE_ADDR": "192.0.2.7",
    "CONTENT_LENGTH": "12",
    "CONTENT_TYPE": "text/plain",
    "HTTP_HOST": "shop.example",
    "HTTP_COOKIE": "a=1; strangler_id=abc",
    "HTTP_X_REQUESTED_WITH": "htmx",
    "wsgi.url_scheme": "https",
    "wsgi.input": io.BytesIO(),
    "wsgi.input_terminated": True,
}
SCOPE = {
    "type": "http",
    "http_version": "1.1",
    "method": "POST",
    "scheme": "https",
    "path": "/photos/ä/",
    "raw_path": b"/photos/%C3%A4/",
    "query_string": b"x=1",
    "client": ("192.0.2.7", 1234),
    "headers": [
        (b"content-length", b"12"),
        (b"content-type", b"text/plain"),
        (b"host", b"shop.example"),
        (b"cookie", b"a=1; strangler_id=abc"),
        (b"x-requested-with", b"htmx"),
    ],
}


def wsgi(environ):
    return WsgiIncoming(environ, get_path_info(environ))


@pytest.mark.parametrize("incoming", [wsgi(ENVIRON), AsgiIncoming(SCOPE)], ids=["wsgi", "asgi"])
def test_both_servers_tell_the_same_story(incoming: Incoming):
    assert incoming.method == "POST"
    assert incoming.path == "/photos/ä/"
    assert incoming.raw_path == "/photos/%C3%A4/"
    assert incoming.query == "x=1"
    assert incoming.scheme == "https"
    assert incoming.peer == "192.0.2.7"
    assert incoming.host == "shop.example"
    assert incoming.cookies() == {"a": "1", "strangler_id": "abc"}
    assert incoming.framing() == Framing(12)
    assert incoming.can_stream
    assert {(name.lower(), value) for name, value in incoming.fields} == {
        (name.decode(), value.decode()) for name, value in SCOPE["headers"]
    }


def test_an_empty_content_length_is_none():
    assert wsgi({**ENVIRON, "CONTENT_LENGTH": ""}).framing() == Framing(0)


def test_a_server_that_does_not_end_its_input_can_not_stream():
    environ = {key: value for key, value in ENVIRON.items() if key != "wsgi.input_terminated"}
    assert not wsgi(environ).can_stream


def test_a_body_in_http_2_needs_no_field():
    scope = {**SCOPE, "http_version": "2", "headers": []}
    assert AsgiIncoming(scope).framing() == Framing(None)


def test_the_script_name_is_no_part_of_the_path():
    environ = {**ENVIRON, "SCRIPT_NAME": "/shop", "PATH_INFO": "/a/", "RAW_URI": "/shop/a/?x=1"}
    assert wsgi(environ).raw_path == "/a/"
    scope = {**SCOPE, "root_path": "/shop", "path": "/shop/a/", "raw_path": b"/shop/a/"}
    assert (AsgiIncoming(scope).path, AsgiIncoming(scope).raw_path) == ("/a/", "/a/")


def test_a_server_that_tells_no_raw_path_leaves_it_empty():
    environ = {key: value for key, value in ENVIRON.items() if key != "RAW_URI"}
    assert wsgi(environ).raw_path == ""


@pytest.mark.parametrize(
    "make",
    [
        lambda value: wsgi({**ENVIRON, "HTTP_COOKIE": value}),
        lambda value: AsgiIncoming({**SCOPE, "headers": [(b"cookie", value.encode())]}),
    ],
)
@pytest.mark.parametrize(
    ("header", "value"),
    [
        ("key=a", "a"),
        ("x=1; key=a; y=2", "a"),
        ("key=a; key=b", "b"),
        ("xkey=a", ""),
        ("x=key=a", ""),
        (" key = a ;", "a"),
        ("key=", ""),
        ("", ""),
        ("key", ""),
    ],
)
def test_one_cookie_is_found_as_django_finds_it(make, header, value):
    incoming = make(header)
    assert incoming.cookie("key") == value
    assert incoming.cookies().get("key", "") == value


@pytest.mark.parametrize(
    ("said", "is_behind_proxy", "scheme"),
    [("https", True, "https"), ("https", False, "http"), ("gopher", True, "http"), (None, True, "http")],
)
def test_a_proxy_of_ours_knows_how_the_client_came(settings, said, is_behind_proxy, scheme):
    settings.STRANGLER = {"BEHIND_PROXY": is_behind_proxy}
    environ = {**ENVIRON, "wsgi.url_scheme": "http"} | ({"HTTP_X_FORWARDED_PROTO": said} if said else {})
    headers = [*SCOPE["headers"], *([(b"x-forwarded-proto", said.encode())] if said else [])]
    assert wsgi(environ).scheme == scheme
    assert AsgiIncoming({**SCOPE, "scheme": "http", "headers": headers}).scheme == scheme
