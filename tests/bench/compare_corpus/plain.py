"""A plain threshold rule over flattened fields, as Diffy has it, to stand beside ours.

Source: Twitter's Diffy: an answer is lifted into fields; a field is reported if it differs between primary and candidate
noticeably more often than between primary and secondary, two instances of the same code: by more than 20 % relative and
0.03 % absolute. It gets its secondary for free here: another run of legacy, with other tokens, times and keys. It also
gets more than Diffy has: effects as fields, and a tree of HTML.
"""

import hashlib
import json
import re
from dataclasses import replace

from lxml import etree

from strangler.core.observation import Effects, Observation

RELATIVE = 20.0
ABSOLUTE = 0.03

# What another run of the same code changes in the answers of the corpus.
_NOISE = (
    (r"\bq7XnYbL0[A-Za-z0-9]{56}\b", "Ab" * 32),
    (r"\bc8kW3nVt[A-Za-z0-9]{24}\b", "Cd" * 16),
    (r"\bk3j5h2l9[a-z0-9]{24}\b", "ef" * 16),
    (r"c2VjcmV0bm9uY2UxMjM0NQ==", "Zm91cnRob25jZTQ1Njc4OQ=="),
    (r"\ba8Fk2LmQ9zXc4VbN7pRt\b", "Mn7Bv6Cx5Za4Sd3Fg2Hj"),
    (r"b1946ac92492d2347c6235b4d2611184", "d3b07384d113edec49eaa6238ad5ff00"),
    (r"18:19:31", "18:19:33"),
    (r"(?<=18:19:3\d\.)\d{6}", "100200"),
    (r"6:19 p\.m\.", "6:20 p.m."),
    (r"took place at 18:19", "took place at 18:20"),
    (r"8f14e45f-ceea-467f-a9a3-3b1c2d4e5f60", "4a8a08f0-9d37-4737-8564-9038408b5f33"),
    (r"\b1795552771\b", "1795552773"),
    (r"slip_aB3dE5f", "slip_Mn7Bv6C"),
)
_NEW_KEYS = ((r"\b1007\b", "1009"), (r"\b4411\b", "4413"))


def another_run(observation: Observation) -> Observation:
    """Return what a second instance of the same code would have answered; new keys only where something is new."""
    changes = _NOISE if observation.effects is None else (*_NOISE, *_NEW_KEYS)
    headers = tuple((name, _changed(value, changes)) for name, value in observation.headers)
    try:
        body = _changed(observation.body.decode(), changes).encode()
    except UnicodeDecodeError:
        body = observation.body
    effects = observation.effects
    if effects is not None:
        effects = Effects.from_json(json.loads(_changed(json.dumps(effects.to_json()), changes)))
    return replace(observation, headers=headers, body=body, effects=effects)


def _changed(text, changes):
    for pattern, other in changes:
        text = re.sub(pattern, other, text)
    return text


def reported(control: Observation, candidate: Observation) -> set[str]:
    """Return the fields that the plain rule reports, seen over one request."""
    primary, secondary, other = map(flat, (control, another_run(control), candidate))
    raw = {name for name in {**primary, **other} if primary.get(name) != other.get(name)}
    noise = {name for name in {**primary, **secondary} if primary.get(name) != secondary.get(name)}
    return {name for name in raw if _is_noticeable(1, int(name in noise), total=1)}


def _is_noticeable(raw, noise, *, total):
    relative = abs(raw - noise) / (raw + noise) * 100
    return raw > noise and relative > RELATIVE and abs(raw - noise) / total * 100 > ABSOLUTE


def flat(observation: Observation) -> dict[str, object]:
    """Return an observation as fields."""
    fields: dict[str, object] = {"status": observation.status, "error": observation.error}
    content_type = ""
    for name, value in observation.headers:
        key = f"headers.{name.lower()}"
        fields[key] = f"{fields[key]}, {value}" if key in fields else value
        content_type = value if name.lower() == "content-type" else content_type
    fields.update(_lifted(observation.body, content_type))
    if observation.effects is not None:
        fields.update(_leaves("effects", observation.effects.to_json()))
    return fields


def _lifted(body, content_type):
    if "json" in content_type:
        return _leaves("body", json.loads(body)) if body.startswith((b"{", b"[")) else {"body": body}
    if "html" in content_type and body.strip():
        root = etree.fromstring(body, etree.HTMLParser(encoding="utf-8"))
        tree = root.getroottree()
        return dict(pair for element in root.iter() for pair in _of_element(tree, element))
    return {"body": hashlib.sha256(body).hexdigest()}


def _of_element(tree, element):
    place = tree.getpath(element)
    yield f"{place}.text", (element.text or "").strip()
    yield f"{place}.tail", (element.tail or "").strip()
    for name, value in element.attrib.items():
        yield f"{place}.{name}", value


def _leaves(place, value):
    if isinstance(value, dict) and value:
        return {key: leaf for name in value for key, leaf in _leaves(f"{place}.{name}", value[name]).items()}
    if isinstance(value, list) and value:
        return {
            key: leaf
            for index, each in enumerate(value)
            for key, leaf in _leaves(f"{place}.{index}", each).items()
        }
    return {place: repr(value)}
