"""What a person reads when the sides differ."""

from __future__ import annotations

import pytest

from strangler.core.decision import Side
from strangler.core.observation import Effects, MailSent, Observation, Operation, RowWrite
from strangler.errors import ConfigurationError, RuleError, UnknownSeamError
from strangler.testing.differing import exchange, parse_rules
from strangler.testing.questions import find_call, find_route, find_seam, make_request

SEAM = "images.upload"


def seen(side=Side.LEGACY, *, status=200, body=b"{}", **effects):
    headers = (("Content-Type", "application/json"),)
    return Observation(side=side, status=status, headers=headers, body=body, effects=Effects(**effects))


def compared(legacy, service, **options):
    return exchange(SEAM, "POST /photos/upload/", legacy=legacy, service=service, **options)


def test_sides_that_do_the_same_are_no_failure():
    compared(seen(), seen(Side.SERVICE)).assert_same()


def test_a_failure_names_the_seam_each_difference_and_what_both_sides_did():
    row = RowWrite(table="shop_order", operation=Operation.INSERT, values={"total": 7}, count=2)
    mail = MailSent(sender="a@x.example", recipients=("ann@x.example",), subject="Order " * 40)
    legacy = seen(body=b'{"total": 7}', rows=(row,), mails=(mail,))
    with pytest.raises(AssertionError) as caught:
        compared(legacy, seen(Side.SERVICE, status=500, body=b"x" * 5000)).assert_same()
    text = str(caught.value)
    assert text.startswith("images.upload: legacy and service differ at ")
    assert "POST /photos/upload/" in text
    assert "rows insert shop_order 2×; mails 'Order Order" in text
    assert "service answered: 500 application/json, 5000 bytes: xxx" in text
    assert "service did:      nothing else" in text
    assert max(map(len, text.splitlines())) < 500


def test_rules_of_the_caller_count_beside_those_of_the_topology():
    found = compared(seen(), seen(Side.SERVICE, status=202), rules=parse_rules(["ignore status"]))
    assert found.differences == ()


def test_a_rule_that_can_not_be_read_is_named():
    with pytest.raises(RuleError, match="forget status"):
        parse_rules(["forget status"])


def test_a_seam_that_is_not_there_is_told_with_the_nearest():
    with pytest.raises(UnknownSeamError, match=r"Did you mean 'images.upload'"):
        find_seam("images.uplaod")


def test_a_route_is_no_call():
    with pytest.raises(ConfigurationError, match="is a route"):
        find_call(SEAM)


@pytest.mark.parametrize(
    ("method", "path", "message"),
    [
        (
            "GET",
            "/photos/upload/",
            "is no seam of the topology. Seam 'images.upload' is POST /photos/upload/",
        ),
        ("GET", "/images/docs", "is seam 'images.api'"),
    ],
)
def test_a_request_that_is_not_of_the_seam_is_refused(method, path, message):
    with pytest.raises(ConfigurationError, match=message):
        find_route(make_request(method, path), seam=SEAM)


def test_a_request_is_what_the_test_client_would_send():
    asked = make_request("POST", "/photos/upload/?a=1", {"n": 1}, headers={"Accept": "text/html"})
    headers = dict(asked.headers)
    assert (asked.method, asked.target) == ("POST", "/photos/upload/?a=1")
    assert headers["Content-Type"].startswith("multipart/form-data")
    assert headers["Accept"] == "text/html"
    assert b'name="n"' in asked.body
    assert find_route(asked, seam=SEAM).name == SEAM
