"""What an XLSX file needs around its rows: the list of its files, the list of its sheets, four styles."""

from collections.abc import Sequence
from xml.sax.saxutils import quoteattr

from extracted.reporting.definitions import Column, Kind

_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_WIDTHS = {Kind.TEXT: 24, Kind.NUMBER: 12, Kind.MONEY: 14, Kind.DAY: 13, Kind.MOMENT: 20}
_TITLE_LENGTH = 25

SHEET_END = b"</sheetData></worksheet>"

# The cells' styles by number: 0 plain, 1 title, 2 money, 3 day, 4 moment.
_STYLES = f"""{_HEAD}<styleSheet xmlns="{_MAIN}">
<numFmts count="2"><numFmt numFmtId="164" formatCode="yyyy\\-mm\\-dd"/><numFmt numFmtId="165" formatCode="yyyy\\-mm\\-dd\\ hh:mm:ss"/></numFmts>
<fonts count="2"><font><sz val="11"/><name val="Calibri"/></font><font><b/><sz val="11"/><name val="Calibri"/></font></fonts>
<fills count="2"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill></fills>
<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>
<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>
<cellXfs count="5"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/><xf numFmtId="0" fontId="1" fillId="0" borderId="0" xfId="0" applyFont="1"/><xf numFmtId="4" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/><xf numFmtId="164" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/><xf numFmtId="165" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/></cellXfs>
<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles>
</styleSheet>"""


def files(title: str, *, sheets: int) -> dict[str, str]:
    """Return the files of a workbook with *sheets* sheets, but for these."""
    numbers = range(1, sheets + 1)
    return {
        "[Content_Types].xml": _content_types(numbers),
        "_rels/.rels": _relationships({"rId1": ("officeDocument", "xl/workbook.xml")}),
        "xl/workbook.xml": _workbook(title, numbers),
        "xl/_rels/workbook.xml.rels": _relationships(
            {f"rId{number}": ("worksheet", f"worksheets/sheet{number}.xml") for number in numbers}
            | {"rIdStyles": ("styles", "styles.xml")}
        ),
        "xl/styles.xml": _STYLES,
    }


def sheet_begin(columns: Sequence[Column], titles: str) -> bytes:
    """Return a sheet up to its first row with values; the row of titles stays in sight."""
    widths = "".join(
        f'<col min="{number}" max="{number}" width="{_WIDTHS[column.kind]}" customWidth="1"/>'
        for number, column in enumerate(columns, start=1)
    )
    view = '<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/>'
    return (
        f'{_HEAD}<worksheet xmlns="{_MAIN}"><sheetViews><sheetView workbookViewId="0">{view}</sheetView></sheetViews>'
        f"<cols>{widths}</cols><sheetData><row>{titles}</row>"
    ).encode()


def _content_types(numbers: range) -> str:
    parts = {"/xl/workbook.xml": f"{_TYPE}.sheet.main+xml", "/xl/styles.xml": f"{_TYPE}.styles+xml"}
    parts |= {f"/xl/worksheets/sheet{number}.xml": f"{_TYPE}.worksheet+xml" for number in numbers}
    overrides = "".join(f'<Override PartName="{name}" ContentType="{kind}"/>' for name, kind in parts.items())
    return (
        f'{_HEAD}<Types xmlns="{_PACKAGE}/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Default Extension="xml" ContentType="application/xml"/>{overrides}</Types>'
    )


def _relationships(targets: dict[str, tuple[str, str]]) -> str:
    lines = "".join(
        f'<Relationship Id="{id_}" Type="{_OFFICE}/{kind}" Target="{target}"/>'
        for id_, (kind, target) in targets.items()
    )
    return f'{_HEAD}<Relationships xmlns="{_PACKAGE}/relationships">{lines}</Relationships>'


def _workbook(title: str, numbers: range) -> str:
    sheets = "".join(
        f'<sheet name={quoteattr(_sheet_name(title, number))} sheetId="{number}" r:id="rId{number}"/>'
        for number in numbers
    )
    return f'{_HEAD}<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets>{sheets}</sheets></workbook>'


def _sheet_name(title: str, number: int) -> str:
    clean = "".join(" " if letter in "[]:*?/\\'" else letter for letter in title)[:_TITLE_LENGTH]
    return clean if number == 1 else f"{clean} {number}"
