"""One test, both sides: what is the same passes, what differs is named."""

from __future__ import annotations

import pytest

SAME = """
    import pytest
    from shop.models import Order
    from shop.receipts import send_receipt


    @pytest.mark.side_by_side("desk.order")
    def test_order(side):
        seen = side.post("/orders/", {"item": "tea", "count": 2})
        assert seen.status == 200
        assert [mail.subject for mail in seen.effects.mails] == ["Order"]
        assert [row.table for row in seen.effects.rows] == ["shop_order"]


    @pytest.mark.side_by_side("desk.receipt")
    def test_receipt(side):
        assert len(side.call("ann@x.example", total=3).effects.mails) == 1
        assert side.call("ann@x.example", total=-3).error == "ValueError"


    def test_both_sides_know_who_is_logged_in(both_sides, django_user_model):
        both_sides.login(django_user_model.objects.create_user("ann"))
        found = both_sides.get("/me/")
        found.assert_same()
        assert b'"ann"' in found.service.body
        both_sides.logout()
        assert b"null" in both_sides.get("/me/").legacy.body


    def test_nothing_stays(legacy, service, mailoutbox):
        for _ in range(3):
            assert legacy.post("/orders/", {"item": "tea", "count": 2}).effects.mails
            assert service.post("/orders/", {"item": "tea", "count": 2}).effects.mails
        assert not mailoutbox
        assert not Order.objects.exists()


    def test_what_the_test_prepares_is_not_the_requests_doing(legacy, db):
        from django.core.mail import send_mail
        from django.db import transaction

        with transaction.atomic():
            transaction.on_commit(lambda: send_mail("Prepared", "", None, ["bob@x.example"]))
        assert [mail.subject for mail in legacy.post("/orders/", {"item": "tea", "count": 1}).effects.mails] == ["Order"]
        assert transaction.get_connection().run_on_commit


    def test_the_rest_of_the_monolith_can_be_asked_too(legacy, both_sides):
        assert legacy.get("/nowhere/").status == 404
        with pytest.raises(Exception, match="GET /nowhere/ is no seam of the topology"):
            both_sides.get("/nowhere/")
"""

ONE_ORDER = """
    import pytest

    @pytest.mark.side_by_side("desk.order")
    def test_order(side):
        side.post("/orders/", {"item": "tea", "count": 2})
"""


def test_sides_that_do_the_same_pass_in_parallel_workers_too(sample):
    result = sample.run(SAME, "-n", "2")
    result.assert_outcomes(passed=8)


@pytest.mark.parametrize(
    ("bug", "wanted"),
    [
        ("price", ["*desk.order: legacy and service differ at *", "*body*total*14*16*", '*200*{"total": 16}*']),
        ("mail", ["*mails*", "legacy did: *'Order' to ann@sample.example*", "service did: *rows insert shop_order 1×"]),
        ("row", ["*rows*", "service did: *insert shop_order 2×*"]),
    ],
)  # fmt: skip
def test_a_regression_of_the_service_is_found_and_named(sample, bug, wanted):
    result = sample.run(ONE_ORDER, "-v", bug=bug)
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["*test_order?legacy?*PASSED*", "*test_order?service?*FAILED*"])
    text = result.stdout.str()
    result.stdout.fnmatch_lines([f"E*{line}" if line[0] != "*" else line for line in wanted])
    assert 'side.post("/orders/"' in text  # the line of the test, and none of the plugin's
    assert "assert_same" not in text


def test_a_rule_of_the_mark_makes_a_difference_disappear(sample):
    rules = ", rules=['ignore body', 'ignore body.total', 'ignore effects.rows'])\n    def test_order(side)"
    result = sample.run(ONE_ORDER.replace(")\n    def test_order(side)", rules), bug="price")
    result.assert_outcomes(passed=2)


def test_what_the_service_wrote_to_its_log_is_shown_with_the_failure(sample):
    source = """
        import pytest

        @pytest.mark.side_by_side("desk.price")
        def test_price(side):
            side.get("/price/?count=2")
    """
    result = sample.run(source, bug="crash")
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["*desk.price: legacy and service differ*", "*Log of service desk*"])
    result.stdout.fnmatch_lines(["*the price is a secret*"])


@pytest.mark.parametrize(
    ("mark", "wanted"),
    [
        ("'desk.ordre'", "test_order: There is no seam 'desk.ordre' in the topology. Did you mean 'desk.order'?"),
        ("'desk.order', rules=['forget body']", "'forget body'"),
        ("", "Write @pytest.mark.side_by_side('seam', rules=[...])"),
    ],
)  # fmt: skip
def test_a_mark_that_is_wrong_is_told_before_anything_runs(sample, mark, wanted):
    result = sample.run(ONE_ORDER.replace('"desk.order"', mark))
    assert result.ret in {pytest.ExitCode.INTERRUPTED, pytest.ExitCode.USAGE_ERROR}
    assert wanted in result.stdout.str() + result.stderr.str()


def test_a_request_that_is_not_of_the_marked_seam_is_refused(sample):
    result = sample.run(ONE_ORDER.replace('"/orders/", {"item": "tea", "count": 2}', '"/me/"'))
    result.assert_outcomes(failed=2)
    result.stdout.fnmatch_lines(
        ["*POST /me/ is no seam of the topology. Seam 'desk.order' is POST /orders/."]
    )
