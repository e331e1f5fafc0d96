"""Files: what each format makes of hostile cells, how long files are split, what going on cuts off."""

import csv
import io
import json
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import openpyxl
import pytest
from openpyxl.utils.escape import unescape

from extracted.reporting.definitions import Column, Kind
from extracted.reporting.running import work
from extracted.reporting.writing import FORMATS, Sheet, xlsx
from extracted.reporting.writing.csv_text import csv_lines
from tests.services.reporting.conftest import file_of

COLUMNS = (
    Column(name="text", title="Text"),
    Column(name="number", title="Number", kind=Kind.NUMBER),
    Column(name="money", title="Money", kind=Kind.MONEY),
    Column(name="day", title="Day", kind=Kind.DAY),
    Column(name="moment", title="Moment", kind=Kind.MOMENT),
)
SHEET = Sheet(title="A/B: *test*", subtitle="year 2026", columns=COLUMNS)
MOMENT = datetime(2026, 1, 31, 12, 30, 15, 500_000, tzinfo=UTC)
NASTY = [
    "=cmd()|' /C calc'!A0",
    "+1",
    "-1",
    "@SUM(A1)",
    "\tx",
    "a\0b",
    "\x01\x1b binary \ufffe",
    "שלום עולם",
    "مرحبا",
    "<b>&amp;</b>",
    "_x000D_",
    ' two "quotes", a comma\r\nand a line ',
    "",
    "😀" * 10,
]


def row(text, number=1, money=Decimal("1.50"), day=date(2026, 1, 31), moment=MOMENT):
    return (text, number, money, day, moment, "key")


@pytest.fixture
def write(tmp_path):
    """Return a function that writes rows in a format, going on after each batch, and returns the file."""

    def make(name, *batches):
        saved = {}
        for batch in batches:
            writer = FORMATS[name].writer(tmp_path, SHEET, checkpoint=saved)
            writer.add(batch)
            saved = json.loads(json.dumps(writer.checkpoint()))
            writer.add(batch)  # behind the checkpoint: as if its process had been killed
            writer.close()
        writer = FORMATS[name].writer(tmp_path, SHEET, checkpoint=saved)
        made = writer.finish(lambda: None)
        writer.close()
        return made

    return make


def cells(path, sheet=0):
    book = openpyxl.load_workbook(path, read_only=True)
    found = [list(row) for row in book.worksheets[sheet].iter_rows(values_only=True)]
    titles = book.sheetnames
    book.close()
    return found, titles


def test_csv_is_text_that_no_spreadsheet_runs(write):
    path = write("csv", [row(text) for text in NASTY])
    found = list(csv.reader(io.StringIO(path.read_bytes().decode(), newline="")))
    assert found[0] == ["text", "number", "money", "day", "moment"]
    assert [each[0] for each in found[1:6]] == [f"'{text}" for text in NASTY[:5]]
    assert [each[0] for each in found[6:]] == [text.replace("\0", "�") for text in NASTY[5:]]
    assert found[1][1:] == ["1", "1.50", "2026-01-31", "2026-01-31 12:30:15.500000+00:00"]


def test_xlsx_has_texts_as_texts_and_numbers_as_numbers(write):
    path = write("xlsx", [row(text) for text in NASTY])
    found, titles = cells(path)
    assert titles == ["A B   test "]
    assert found[0] == ["Text", "Number", "Money", "Day", "Moment"]
    kept = [text.replace("\0", "�").translate({1: "�", 27: "�", 0xFFFE: "�"}) or None for text in NASTY]
    assert [each[0] and unescape(each[0]) for each in found[1:]] == kept
    assert found[1][1:3] == [1, 1.5]
    assert found[1][3].date() == date(2026, 1, 31)
    assert abs((found[1][4] - MOMENT.replace(tzinfo=None)).total_seconds()) < 0.001
    book = openpyxl.load_workbook(path)
    assert {cell.data_type for cell in book.active["A"][1:6]} == {"s"}  # not f: nothing is a formula


def test_json_is_one_object_with_amounts_as_texts(write):
    made = json.loads(write("json", [row("a\0b")], [row("=c", money=1.5)]).read_text(encoding="utf-8"))
    assert made["report"] == "A/B: *test*"
    assert [each["text"] for each in made["rows"]] == ["a\0b", "=c"]
    assert made["rows"][1]["money"] == "1.50"
    assert made["rows"][0]["moment"] == MOMENT.isoformat()


@pytest.mark.parametrize("name", ["csv", "xlsx", "json"])
def test_going_on_has_every_row_once(write, name):
    batches = [[row(f"{batch}-{number}") for number in range(3)] for batch in range(4)]
    path = write(name, *batches)
    if name == "xlsx":
        found = [each[0] for each in cells(path)[0][1:]]
    elif name == "csv":
        found = [line.split(",")[0] for line in path.read_text().splitlines()[1:]]
    else:
        found = [each["text"] for each in json.loads(path.read_text())["rows"]]
    assert found == [f"{batch}-{number}" for batch in range(4) for number in range(3)]


def test_html_is_a_page_without_scripts_whose_cells_are_text(write):
    page = write("html", [row(text) for text in NASTY], [row("<script>x</script>")]).read_text(
        encoding="utf-8"
    )
    assert "&lt;script&gt;x" in page
    assert "<script" not in page
    assert page.count('<td dir="auto"') == (len(NASTY) + 1) * len(COLUMNS)
    assert "שלום עולם" in page
    assert "£1.50" in page


@pytest.mark.parametrize("font", [None, "/nowhere.ttf"])
def test_pdf_is_made_of_whatever_cells_with_or_without_a_font(write, configure, font):
    if font:
        configure(PDF_FONT=font)
    content = write("pdf", [row(text) for text in NASTY]).read_bytes()
    assert content.startswith(b"%PDF-")
    assert content.rstrip().endswith(b"%%EOF")


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("name", ["html", "pdf"])
def test_what_is_for_people_says_when_rows_are_left_out(name, wish, lines, monkeypatch):
    monkeypatch.setitem(FORMATS, name, replace(FORMATS[name], most=3))
    lines(5)
    run = wish(as_=name)
    work(run.pk, holder="t1")
    run.refresh_from_db()
    assert (run.state, run.rows, run.note) == ("ready", 3, "Only the first 3 rows are shown.")


@pytest.mark.django_db(transaction=True)
def test_a_chart_is_in_the_page(wish, shop):
    run = wish("sales", as_="html")
    work(run.pk, holder="t1")
    assert "<svg" in file_of(run).read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["csv", "xlsx", "json", "html", "pdf"])
def test_nothing_is_a_file_too(write, name):
    assert write(name, []).stat().st_size > 0


def test_a_sheet_that_is_full_goes_on_in_the_next(write, monkeypatch):
    monkeypatch.setattr(xlsx, "SHEET_ROWS", 4)
    path = write("xlsx", [row(str(number)) for number in range(5)], [row("5"), row("6")])
    seen = [cells(path, sheet)[0] for sheet in range(3)]
    assert [[each[0] for each in sheet[1:]] for sheet in seen] == [["0", "1", "2"], ["3", "4", "5"], ["6"]]
    assert {tuple(sheet[0]) for sheet in seen} == {("Text", "Number", "Money", "Day", "Moment")}
    assert cells(path)[1] == ["A B   test ", "A B   test  2", "A B   test  3"]


def test_excel_s_limit_of_rows_is_the_default():
    assert xlsx.SHEET_ROWS == 1_048_576


def test_a_number_that_a_spreadsheet_would_round_is_a_text(write):
    found, _ = cells(write("xlsx", [row("a", number=10**17 + 1)]))
    assert found[1][1] == str(10**17 + 1)


def test_what_drivers_give_in_their_own_ways_comes_out_alike():
    naive, aware = MOMENT.replace(tzinfo=None), MOMENT
    rows = [row("a", moment=naive), row("a", moment=aware), row("a", moment=str(naive)), row("a", money=1.5)]
    assert len({csv_lines(COLUMNS, [each]) for each in rows}) == 1
    nothing = ("", None, None, None, None, "key")
    assert csv_lines(COLUMNS, [nothing]) == b",,,,\r\n"
