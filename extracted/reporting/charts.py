"""Draw the rows of a report as SVG."""

import sys
from collections.abc import Sequence
from typing import Any

import pygal
from pygal.style import Style

from extracted.reporting.definitions import Chart, Column
from extracted.reporting.writing.cells import as_day

# pygal puts a finder for plug-ins of its own in front of all imports, in a form that Python 3.12 ignores and 3.11 warns
# of at every import; there are no such plug-ins here.
sys.meta_path[:] = [each for each in sys.meta_path if not isinstance(each, pygal.PluginImportFixer)]

_STYLE = Style(
    background="transparent",
    plot_background="transparent",
    foreground="#655c53",
    foreground_strong="#201d1a",
    foreground_subtle="#b9aea2",
    guide_stroke_color="#e3dbd0",
    major_guide_stroke_color="#e3dbd0",
    colors=("#b5371c", "#1a5296"),
    font_family="system-ui, sans-serif",
    label_font_size=13,
    major_label_font_size=13,
    value_font_size=12,
    tooltip_font_size=13,
)
_LABEL_LENGTH = 18
_MANY = 8


def draw(columns: Sequence[Column], chart: Chart, rows: Sequence[Sequence[Any]], *, title: str) -> str:
    """Return an SVG element with a bar for each of the first rows, or a line through them; no scripts in it."""
    names = [each.name for each in columns]
    label, value = names.index(chart.label), names.index(chart.value)
    shown = list(rows)[: chart.bars]
    kind = pygal.Line if chart.is_line else pygal.Bar
    picture = kind(
        style=_STYLE,
        js=(),
        width=900,
        height=320,
        show_legend=False,
        margin=8,
        x_label_rotation=30 if len(shown) > _MANY else 0,
        value_formatter=lambda amount: f"{amount:,.0f}",
        disable_xml_declaration=True,
        explicit_size=False,
        title=None,
        no_data_text=f"{title}: nothing to draw",
        range=None if shown else (0, 1),
    )
    picture.add_xml_filter(_without_scripts)
    picture.x_labels = [_label(row[label], columns[label]) for row in shown]
    picture.add(columns[value].title, [None if row[value] is None else float(row[value]) for row in shown])
    return str(picture.render(is_unicode=True))


def _without_scripts(root: Any) -> Any:
    """Take out the configuration of pygal's tooltips: the pages allow no script in a picture."""
    for parent in list(root.iter()):
        for script in [each for each in parent if str(each.tag).endswith("script")]:
            parent.remove(script)
    return root


def _label(value: Any, column: Column) -> str:
    if column.kind == "day" and value is not None:
        return f"{as_day(value):%b %Y}"
    clean = "".join(letter if letter.isprintable() else "�" for letter in str(value or ""))
    return clean if len(clean) <= _LABEL_LENGTH else f"{clean[: _LABEL_LENGTH - 1]}…"
