import io

from openpyxl import Workbook

from monolith.journey.runs import sheet_rows


def test_the_rows_of_a_workbook_are_counted_without_its_headings():
    book = Workbook()
    for row in (["Line", "Product"], [1, "Print <row 2>"], [2, "Poster"]):
        book.active.append(row)
    content = io.BytesIO()
    book.save(content)
    assert sheet_rows(content.getvalue()) == 2
