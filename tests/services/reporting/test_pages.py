"""The staff pages and the shop's old addresses: who sees them, what they show, what they start."""

import re
from datetime import timedelta

import pytest
import time_machine

from extracted.reporting import links
from extracted.reporting.models import Run, State
from extracted.reporting.running import work
from tests.services.reporting.conftest import BOSS, CUSTOMER, NOW, STAFF, TOKEN, file_of

pytestmark = pytest.mark.django_db(transaction=True)
PAGES = ["/reporting/", "/reporting/reports/sales/", "/reporting/runs/", "/reports/", "/reports/sales.csv"]


@pytest.fixture
def get(client_of):
    def get(path, principal=STAFF, **query):
        return client_of(principal).get(path, query)

    return get


@pytest.fixture
def post(client_of):
    def post(path, principal=STAFF, **form):
        return client_of(principal).post(path, {"csrfmiddlewaretoken": TOKEN, **form})

    return post


def text(answer):
    return answer.content.decode()


@pytest.mark.parametrize("path", PAGES)
def test_only_staff_come_in(get, shop, path):
    anonymous = get(path, principal=None)
    assert anonymous.status_code == 302
    assert anonymous["Location"] == f"/account/login/?next={path.replace('/', '%2F')}"
    assert get(path, principal=CUSTOMER).status_code == 403
    assert get(path).status_code == 200


def test_a_report_for_superusers_is_there_for_nobody_else(get, post, shop, wish):
    assert "customers/" not in text(get("/reporting/")).replace("best-customers/", "")
    assert get("/reporting/reports/customers/").status_code == 404
    assert get("/reporting/reports/customers/", principal=BOSS).status_code == 200
    run = wish("order-lines", by=BOSS)
    Run.objects.update(report="customers")
    assert get(f"/reporting/runs/{run.pk}/").status_code == 404
    assert get(f"/reporting/runs/{run.pk}/status.json").status_code == 404
    assert post(f"/reporting/runs/{run.pk}/cancel/").status_code == 404
    assert str(run.pk) not in text(get("/reporting/runs/"))


def test_a_page_says_as_of_when_and_warns_of_old_figures(get, shop, fresh):
    fresh(timedelta(seconds=60))
    seen = text(get("/reporting/reports/sales/", year="2026"))
    assert re.search(r'is-stale" role="status">As of .* UTC, 60? ?\d* ?s behind the shop', seen)
    fresh()
    assert "is-stale" not in text(get("/reporting/reports/sales/", year="2026"))


def test_a_file_s_page_says_how_far_behind_its_figures_were(get, shop, wish, fresh):
    fresh(timedelta(seconds=60))
    late = wish("sales")
    work(late.pk, holder="t1")
    seen = text(get(f"/reporting/runs/{late.pk}/"))
    assert re.search(r"\d+ s behind the shop</strong> when it was begun", seen)
    fresh()
    soon = wish("sales")
    work(soon.pk, holder="t1")
    seen = text(get(f"/reporting/runs/{soon.pk}/"))
    assert "Figures as of" in seen
    assert "behind the shop" not in seen


def test_a_report_is_previewed_as_chart_and_table(get, shop):
    seen = text(get("/reporting/reports/sales/", year="2026"))
    assert "<td>01 Jun 2026</td>".replace("<td>", '<td dir="auto">') in seen
    assert "£40.50" in seen
    chart = get("/reporting/reports/sales/chart.svg", year="2026")
    assert (chart.status_code, chart["Content-Type"]) == (200, "image/svg+xml")
    assert b"Jun 2026" in chart.content
    assert b"<script" not in chart.content
    assert "Nothing to show" in text(get("/reporting/reports/sales/", year="2001"))


@pytest.mark.parametrize(
    ("query", "said"),
    [({"yaer": "2026"}, "did you mean &#x27;year&#x27;"), ({"year": "1"}, "must be a year from 2000")],
)
def test_parameters_that_make_no_sense_are_answered_with_what_would(get, post, shop, query, said):
    for answer in (
        get("/reporting/reports/sales/", **query),
        post("/reporting/reports/sales/", format="csv", **query),
    ):
        assert answer.status_code == 400
        assert said in text(answer)
    assert Run.objects.count() == 0


def test_a_form_makes_a_run_whose_page_leads_to_the_file(get, post, shop):
    answer = post("/reporting/reports/sales/", year="2026", format="csv")
    run = Run.objects.get()
    assert (answer.status_code, answer["Location"]) == (302, f"/reporting/runs/{run.pk}/")
    waiting = text(get(answer["Location"]))
    assert "progress.js" in waiting
    assert get(f"{answer['Location']}status.json").json() | {"seconds": 0} == {
        "state": "queued",
        "rows": 0,
        "expected": None,
        "percent": None,
        "reason": "",
        "seconds": 0,
        "is_finished": False,
        "is_cancelled": False,
        "file": None,
    }
    work(run.pk, holder="t1")
    ready = text(get(answer["Location"]))
    link = re.search(r'href="(/reporting/files/[^"]+)"', ready)[1]
    file = get(link, principal=None)
    assert file["Content-Disposition"] == 'attachment; filename="sales-2026.csv"'
    assert b"".join(file.streaming_content) == file_of(run).read_bytes()
    assert "ready" in text(get("/reporting/runs/", state="ready"))


def test_forms_need_their_token(client_of, shop):
    assert client_of().post("/reporting/reports/sales/", {"format": "csv"}).status_code == 403
    assert Run.objects.count() == 0


def test_links_are_signed_and_expire(get, shop, wish):
    run = wish("sales", by=STAFF)
    work(run.pk, holder="t1")
    link = links.link(run)
    assert get(link[:-2] + "x/").status_code == 404
    assert get(f"/reporting/files/{run.pk}/").status_code == 404
    with time_machine.travel(NOW + timedelta(days=3650), tick=True):
        late = get(link, principal=None)
    assert late.status_code == 410
    assert "the link has expired" in text(late)
    file_of(run).unlink()
    assert get(link, principal=None).status_code == 410


def test_cancelling_is_for_the_owner_and_superusers(post, shop, wish):
    mine, boss_s = wish("sales", by=STAFF), wish("sales", by=BOSS)
    assert post(f"/reporting/runs/{boss_s.pk}/cancel/").status_code == 403
    assert post(f"/reporting/runs/{mine.pk}/cancel/").status_code == 302
    assert post(f"/reporting/runs/{boss_s.pk}/cancel/", principal=BOSS).status_code == 302
    assert set(Run.objects.values_list("state", flat=True)) == {State.CANCELLED}


def test_hostile_names_are_text_on_pages_and_charts(get, shop, lines):
    from extracted.reporting.models import Customer  # noqa: PLC0415

    Customer.objects.filter(pk=1).update(username="<script>x</script>\x07é")
    seen = text(get("/reporting/reports/best-customers/", year="2026"))
    assert "&lt;script&gt;x" in seen
    assert "<script>x" not in seen
    chart = get("/reporting/reports/best-customers/chart.svg", year="2026")
    assert b"<script>x" not in chart.content


def test_an_old_address_that_takes_too_long_for_a_page_becomes_a_run(get, shop, monkeypatch):
    from extracted.reporting.legacy import views  # noqa: PLC0415
    from extracted.reporting.running.reader import StatementEndedError  # noqa: PLC0415

    def slow(*_, **__):
        raise StatementEndedError("too long")

    monkeypatch.setattr(views, "printers", slow)
    answer = get("/reports/printing/", year="2026")
    assert answer["Location"] == f"/reporting/runs/{Run.objects.get().pk}/"
