"""Which header fields cross the facade."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strangler.facade.headers import Crossing, has_body, public_location, request_fields, response_fields
from tests.unit.strangler.facade.samples import incoming

OURS = [("Strangler-Request-Id", "r1"), ("Strangler-Principal", "signed")]
SERVICE = "http://images.internal:8001"


def sent(fields, *, is_behind_proxy=False, **request):
    crossing = Crossing(
        is_behind_proxy=is_behind_proxy, kept_cookies=frozenset({"csrftoken"}), ours=list(OURS)
    )
    return request_fields(incoming(fields=[("Host", "shop.example"), *fields], **request), crossing)


def returned(fields, *, status=200, is_personal=False):
    return response_fields(
        fields,
        status=status,
        service_url=SERVICE,
        scheme="https",
        host="shop.example",
        is_personal=is_personal,
    )


def values(fields, name):
    return [value for key, value in fields if key.lower() == name.lower()]


@given(
    st.sampled_from(["Strangler-", "strangler-", "STRANGLER-", "X-Forwarded-", "Proxy-", "proxy"]),
    st.text("abcXYZ-", min_size=1, max_size=12),
)
def test_no_client_speaks_for_the_facade(prefix, rest):
    fields = sent([(prefix + rest, "forged")])
    assert "forged" not in [value for _, value in fields]


@pytest.mark.parametrize(
    "name",
    ["Forwarded", "X-Real-IP", "Proxy", "Keep-Alive", "TE", "Trailer", "Upgrade", "Expect", "Connection",
     "Transfer-Encoding", "Content-Length", "Strangler_Principal", "X_Forwarded_For", "bad name", "x:y", ""],
)  # fmt: skip
def test_fields_for_one_hop_or_with_ambiguous_names_are_dropped(name):
    assert values(sent([(name, "forged")]), name) == []


def test_a_field_that_connection_names_is_dropped():
    assert values(sent([("Connection", "close, X-Hop"), ("X-Hop", "1"), ("X-End", "2")]), "X-Hop") == []


def test_connection_can_not_strip_who_asks():
    fields = sent([("Connection", "Authorization, Host, Strangler-Principal"), ("Authorization", "Token x")])
    assert values(fields, "Authorization") == ["Token x"]
    assert values(fields, "Host") == ["shop.example"]
    assert values(fields, "Strangler-Principal") == ["signed"]


def test_a_value_with_a_line_break_is_dropped():
    assert values(sent([("X-Folded", "a\r\n b"), ("X-Nul", "a\0b")]), "X-Folded") == []


@given(
    st.lists(st.sampled_from(["sessionid=s3cret", "csrftoken=abc", "csrftokenx=1", "theme=dark", "", "="]))
)
def test_only_the_csrf_cookie_is_left(cookies):
    kept = values(sent([("Cookie", "; ".join(cookies))]), "Cookie")
    wanted = [cookie for cookie in cookies if cookie == "csrftoken=abc"]
    assert kept == (["; ".join(wanted)] if wanted else [])


def test_the_client_is_named_by_who_connected():
    fields = sent([("X-Forwarded-For", "6.6.6.6")], peer="192.0.2.7", scheme="https")
    assert values(fields, "X-Forwarded-For") == ["192.0.2.7"]
    assert values(fields, "X-Forwarded-Proto") == ["https"]
    assert values(fields, "X-Forwarded-Host") == ["shop.example"]


def test_a_client_on_a_unix_socket_has_no_address():
    assert values(sent([], peer=""), "X-Forwarded-For") == []


def test_behind_a_proxy_its_word_is_kept_and_it_is_added_to_the_chain():
    said = [
        ("X-Forwarded-For", "203.0.113.9"),
        ("X-Forwarded-Proto", "https"),
        ("X-Forwarded-Host", "a.example"),
    ]
    fields = sent([*said, ("Strangler-Principal", "forged")], peer="10.0.0.1", is_behind_proxy=True)
    assert values(fields, "X-Forwarded-For") == ["203.0.113.9, 10.0.0.1"]
    assert values(fields, "X-Forwarded-Proto") == ["https"]
    assert values(fields, "X-Forwarded-Host") == ["a.example"]
    assert values(fields, "Strangler-Principal") == ["signed"]


def test_an_answer_keeps_its_duplicates_and_its_order():
    fields = [("Set-Cookie", "a=1"), ("X-A", "1"), ("Set-Cookie", "b=2"), ("Link", "<x>"), ("Link", "<y>")]
    assert returned(fields) == fields


def test_an_answer_loses_what_is_for_one_hop_or_the_servers_own():
    fields = [("Connection", "X-Hop"), ("X-Hop", "1"), ("Date", "now"), ("Server", "x"), ("Keep-Alive", "5")]
    assert returned([*fields, ("Strangler-Side", "forged"), ("Bad Name", "x"), ("X-Bad", "a\nb")]) == []


def test_a_length_is_passed_once_and_never_beside_a_coding():
    assert returned([("Content-Length", "5"), ("Content-Length", "5")]) == [("Content-Length", "5")]
    assert returned([("Content-Length", "5"), ("Transfer-Encoding", "chunked")]) == []
    assert returned([("Content-Length", "0")], status=204) == []


@pytest.mark.parametrize(
    ("location", "expected"),
    [
        ("http://images.internal:8001/a?b#c", "https://shop.example/a?b#c"),
        ("http://IMAGES.internal:8001/a", "https://shop.example/a"),
        ("http://images.internal:8001", "https://shop.example/"),
        ("http://images.internal/a", "http://images.internal/a"),
        ("https://elsewhere.example/a", "https://elsewhere.example/a"),
        ("/a", "/a"),
        ("//images.internal:8001/a", "//images.internal:8001/a"),
    ],
)
def test_a_location_on_the_service_is_turned_to_the_public_host(location, expected):
    assert public_location(location, service_url=SERVICE, public="https://shop.example") == expected
    assert returned([("Location", location)]) == [("Location", expected)]


def test_a_location_loses_the_base_path_of_the_service():
    turned = public_location(
        SERVICE + "/base/a", service_url=SERVICE + "/base", public="https://shop.example"
    )
    assert turned == "https://shop.example/a"


@pytest.mark.parametrize(
    ("fields", "is_added"),
    [
        ([], True),
        ([("Vary", "Accept")], True),
        ([("Vary", "Accept, COOKIE")], False),
        ([("Vary", "*")], False),
        ([("Cache-Control", "public, max-age=60")], False),
        ([("Cache-Control", "private")], True),
    ],
)
def test_shared_caches_learn_that_the_answer_depends_on_who_asks(fields, is_added):
    assert (returned(fields, is_personal=True) == [*fields, ("Vary", "Cookie")]) == is_added


def test_head_and_two_statuses_have_no_body():
    assert has_body("GET", 200)
    assert not has_body("HEAD", 200)
    assert not has_body("GET", 204)
    assert not has_body("POST", 304)
