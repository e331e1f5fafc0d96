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
    """What was found in a page."""

    token: str = ""
    photos: list[Shown] = field(default_factory=list)
    has_next: bool = False


def read(html: str) -> Page:
    """Return the form token, the photos and whether there is a next page."""
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

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if tag == "input" and values.get("name") == "csrfmiddlewaretoken":
            self.page.token = values["value"]
        elif tag == "img" and "srcset" in values:
            addresses = tuple(part.split()[0] for part in values["srcset"].split(",") if part.strip())
            self.page.photos.append(Shown(values.get("alt", ""), addresses))
        elif tag == "a" and values.get("rel") == "next":
            self.page.has_next = True
