"""HTML and XML as trees: elements, attributes and texts, whatever the white space and the order of attributes."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from strangler.core.comparison._context import MAX_DEPTH, Context
from strangler.core.comparison._extras import library
from strangler.core.comparison._json import compare_json
from strangler.core.comparison._lists import align
from strangler.core.comparison._noise import skeleton
from strangler.core.comparison._values import compare_url, compare_value
from strangler.core.comparison.difference import Kind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from strangler.core.comparison._places import Path

_MAX_ELEMENTS = 100_000
_URLS = {"href", "src", "action", "formaction", "poster", "data-url", "hx-get", "hx-post"}
_SETS = {"class", "rel", "headers", "sandbox", "autocomplete", "aria-describedby", "aria-labelledby"}
_BOOLEANS = {
    "allowfullscreen",
    "async",
    "autofocus",
    "autoplay",
    "checked",
    "controls",
    "default",
    "defer",
    "disabled",
    "formnovalidate",
    "hidden",
    "ismap",
    "loop",
    "multiple",
    "muted",
    "nomodule",
    "novalidate",
    "open",
    "playsinline",
    "readonly",
    "required",
    "reversed",
    "selected",
}
_EMPTY = {"class", "style", "id"}
_VERBATIM = {"pre", "textarea"}
_NAMING = ("id", "name")
_TOOLBAR = "djDebug"


class UnreadableError(ValueError):
    """A body is not what its content type says."""


@dataclass(slots=True)
class Node:
    """An element: texts and elements in it in their order, white space between them left out."""

    tag: str
    attributes: dict[str, str]
    children: list[Node | str] = field(default_factory=list)
    fingerprint: int = 0
    _key: str = ""

    @property
    def step(self) -> str:
        """Its step in a place: tag and id or name; those that look made up are left out."""
        for name in _NAMING:
            value = self.attributes.get(name, "")
            if value and len(value) <= 40 and not re.search(r"\d", value):  # noqa: PLR2004 - longer ones are no names
                return f"{self.tag}#{value}" if name == "id" else f"{self.tag}:{value}"
        return self.tag

    @property
    def key(self) -> str:
        """What siblings are matched by: everything in it without noise."""
        if not self._key:
            parts = [self.tag, *(f"{name}={value}" for name, value in sorted(self.attributes.items()))]
            self._key = f"{skeleton(' '.join(parts))} {hash(tuple(map(_key, self.children)))}"
        return self._key


def parse_html(text: str) -> Node:
    """Return the tree of a page; browsers' rules apply, so that nearly everything is one."""
    etree = library("lxml.etree", package="lxml")
    parser = etree.HTMLParser(encoding="utf-8", no_network=True, remove_comments=True, remove_pis=True)
    return _parse(etree, text, parser, is_html=True)


def parse_xml(text: str) -> Node:
    """Return the tree of an XML document; entities are not expanded.

    Raises: UnreadableError: it is not well-formed.
    """
    etree = library("lxml.etree", package="lxml")
    text = re.sub(r"^\s*<\?xml[^>]*\?>", "", text)
    parser = etree.XMLParser(
        encoding="utf-8", no_network=True, resolve_entities=False, load_dtd=False,
        remove_comments=True, remove_pis=True,
    )  # fmt: skip
    return _parse(etree, text, parser, is_html=False)


def _parse(etree: Any, text: str, parser: Any, *, is_html: bool) -> Node:
    try:
        root = etree.fromstring(text.encode("utf-8", "replace"), parser)
    except (etree.LxmlError, ValueError) as error:
        if is_html:
            return Node("html", {}, [text] if text.strip() else [])
        raise UnreadableError(str(error)) from None
    if root is None:
        return Node("html", {}, [])
    if sum(1 for _ in root.iter()) > _MAX_ELEMENTS:
        raise UnreadableError("too many elements")
    return _converted(root, is_html=is_html, is_verbatim=False, depth=0)


def _converted(element: Any, *, is_html: bool, is_verbatim: bool, depth: int) -> Node:
    tag = str(element.tag)
    node = Node(tag, _attributes(element, is_html=is_html))
    is_verbatim = is_verbatim or (is_html and tag in _VERBATIM)
    _add_text(node, element.text, is_verbatim=is_verbatim)
    for child in _children(element, is_html=is_html):
        if isinstance(child.tag, str) and child.get("id") != _TOOLBAR:
            if depth < MAX_DEPTH:
                node.children.append(
                    _converted(child, is_html=is_html, is_verbatim=is_verbatim, depth=depth + 1)
                )
            else:
                _add_text(node, "".join(child.itertext()), is_verbatim=is_verbatim)
        _add_text(node, child.tail, is_verbatim=is_verbatim)
    within = tuple(each if isinstance(each, str) else each.fingerprint for each in node.children)
    node.fingerprint = hash((tag, frozenset(node.attributes.items()), within))
    return node


def _attributes(element: Any, *, is_html: bool) -> dict[str, str]:
    """Return the attributes; an empty class or style is none."""
    pairs = {str(name): str(value) for name, value in element.attrib.items()}
    return {name: pairs[name] for name in pairs if not is_html or pairs[name].strip() or name not in _EMPTY}


def _children(element: Any, *, is_html: bool) -> Iterator[Any]:
    """Yield the elements in an element; browsers put a tbody around rows that have none, so it says nothing."""
    for child in element:
        if is_html and child.tag == "tbody":
            yield from child
        else:
            yield child


def _add_text(node: Node, text: str | None, *, is_verbatim: bool) -> None:
    kept = (text or "").replace("\r\n", "\n").strip("\n") if is_verbatim else " ".join((text or "").split())
    if kept.strip():
        node.children.append(kept)


def compare_trees(context: Context, path: Path, control: Node, candidate: Node) -> None:
    """Compare two elements of the same tag, and what is in them."""
    if context.is_full:
        return
    if control.fingerprint == candidate.fingerprint:
        context.identities.trees.append(control)
        return
    path = (*path, control.step)
    _compare_attributes(context, path, control, candidate)
    if control.tag == "script" and "json" in control.attributes.get("type", ""):
        _compare_script(context, path, control, candidate)
        return
    same = [_label(child) for child in control.children] == [_label(child) for child in candidate.children]
    if same:
        pairs: list[tuple[int | None, int | None]] = [
            (index, index) for index in range(len(control.children))
        ]
    else:
        pairs = align(*([_key(child) for child in node.children] for node in (control, candidate)))
    seen: dict[str, int] = {}
    for one, two in pairs:
        child = None if one is None else control.children[one]
        other = None if two is None else candidate.children[two]
        _compare_children(context, path, child, other, seen)


def _compare_children(
    context: Context,
    path: Path,
    control: Node | str | None,
    candidate: Node | str | None,
    seen: dict[str, int],
) -> None:
    if isinstance(control, Node) and isinstance(candidate, Node) and control.tag == candidate.tag:
        compare_trees(context, (*path, *_index(control, seen)), control, candidate)
        return
    if isinstance(control, str) and isinstance(candidate, str):
        compare_value(context, (*path, "text"), control, candidate)
        return
    if control is not None:
        context.add(Kind.MISSING, (*path, _step(control)), _summary(control))
    if candidate is not None:
        context.add(Kind.EXTRA, (*path, _step(candidate)), None, _summary(candidate))


def _index(node: Node, seen: dict[str, int]) -> tuple[str, ...]:
    """Count siblings of the same step; the first one has no index."""
    seen[node.step] = seen.get(node.step, -1) + 1
    return (f"[{seen[node.step]}]",) if seen[node.step] else ()


def _step(child: Node | str) -> str:
    return "text" if isinstance(child, str) else child.step


def _label(child: Node | str) -> str:
    if isinstance(child, str):
        return ""
    return f"{child.tag} {skeleton(child.attributes.get('id', ''))} {child.attributes.get('name', '')}"


def _key(child: Node | str) -> str:
    return skeleton(child) if isinstance(child, str) else child.key


def _summary(child: Node | str) -> str:
    if isinstance(child, str):
        return child
    attributes = "".join(f' {name}="{value}"' for name, value in sorted(child.attributes.items())[:6])
    return f"<{child.tag}{attributes}> {_text_of(child)}".strip()


def _text_of(node: Node) -> str:
    parts = [child if isinstance(child, str) else _text_of(child) for child in node.children[:20]]
    return " ".join(parts)[:300]


def _compare_script(context: Context, path: Path, control: Node, candidate: Node) -> None:
    try:
        one, two = (json.loads("".join(map(str, node.children)) or "null") for node in (control, candidate))
    except (ValueError, RecursionError):
        compare_value(context, (*path, "text"), _text_of(control), _text_of(candidate))
        return
    compare_json(context, (*path, "$"), one, two)


def _compare_attributes(context: Context, path: Path, control: Node, candidate: Node) -> None:
    one, two = control.attributes, candidate.attributes
    if one == two:
        context.identities.texts += _links(control)
        return
    for name in one:
        place = (*path, f"@{name}")
        if name not in two:
            context.add(Kind.MISSING, place, one[name])
        elif one[name] != two[name]:
            _compare_attribute(context, place, control, candidate, name)
    for name in two:
        if name not in one:
            context.add(Kind.EXTRA, (*path, f"@{name}"), None, two[name])


def _links(node: Node) -> Iterator[str]:
    """Yield the URLs in an element's own attributes."""
    return (node.attributes[name] for name in _URLS & node.attributes.keys())


def texts_in(node: Node) -> Iterator[str]:
    """Yield the texts and URLs in an element that may hold keys."""
    yield from _links(node)
    for child in node.children:
        if isinstance(child, str):
            yield child
        else:
            yield from texts_in(child)


def _compare_attribute(context: Context, path: Path, control: Node, candidate: Node, name: str) -> None:
    one, two = control.attributes[name], candidate.attributes[name]
    if name in _URLS:
        compare_url(context, path, one.strip(), two.strip())
        return
    if name in {"value", "content"}:  # named by the field whose value it is
        field_name = control.attributes.get("name", "")
        path = (*path, field_name) if field_name else path
    one, two = _normal(name, one), _normal(name, two)
    if one != two:
        compare_value(context, path, one, two)


def _normal(name: str, value: str) -> str:
    if name in _BOOLEANS:
        return ""
    if name in _SETS:
        return " ".join(sorted(set(value.split())))
    if name == "style":
        parts = (" ".join(part.split()) for part in value.replace(":", ": ").split(";"))
        return "; ".join(sorted(part for part in parts if part))
    return " ".join(value.split())
