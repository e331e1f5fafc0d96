"""What a visitor reads from the shop's pages."""

from dataclasses import dataclass, field
from html.parser import HTMLParser

from django.utils.http import urlencode


@dataclass(frozen=True, slots=True)
class Shown:
    """A photo in the gallery: its title and the addresses of its pictures."""

    title: str
    pictures: tuple[str, ...]


@dataclass(slots=True)
class Page:
    """What was found in a page.

    Args:
        cells: of all tables, row by row.
        as_of: how fresh the page says its figures are; *is_stale* if it warns.
    """

    token: str = ""
    photos: list[Shown] = field(default_factory=list)
    has_next: bool = False
    cells: list[str] = field(default_factory=list)
    as_of: str = ""
    is_stale: bool = False


def read(html: str) -> Page:
    """Return what there is of all that a `Page` has."""
    parser = _Parser()
    parser.feed(html)
    return parser.page


def page_address(address: str, number: int) -> str:
    """Return the address of page *number* of a list."""
    return f"{address}?{urlencode({'page': number})}"


class _Parser(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.page = Page()
        self._text: list[str] = []
        self._is_as_of = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if tag == "input" and values.get("name") == "csrfmiddlewaretoken":
            self.page.token = values["value"]
        elif tag == "img" and "srcset" in values:
            addresses = tuple(part.split()[0] for part in values["srcset"].split(",") if part.strip())
            self.page.photos.append(Shown(values.get("alt", ""), addresses))
        elif tag == "a" and values.get("rel") == "next":
            self.page.has_next = True
        elif tag in ("td", "p"):
            self._begin(values.get("class", "").split())

    def handle_data(self, data: str) -> None:
        self._text.append(data)

    def handle_endtag(self, tag: str) -> None:
        if tag == "td":
            self.page.cells.append(self._words())
        elif tag == "p" and self._is_as_of:
            self.page.as_of = self._words().removeprefix("As of ")
            self._is_as_of = False

    def _begin(self, classes: list[str]) -> None:
        self._text = []
        self._is_as_of = "as-of" in classes
        self.page.is_stale |= self._is_as_of and "is-stale" in classes

    def _words(self) -> str:
        return " ".join("".join(self._text).split())
