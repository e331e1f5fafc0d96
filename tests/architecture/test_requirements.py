"""Compiled requirements are in step with what they were compiled from, and with each other."""

from __future__ import annotations

import re
import tomllib

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.architecture.source import ROOT

FOLDER = ROOT / "requirements"
NAMES = sorted(path.stem for path in FOLDER.glob("*.in"))
HINT = "cd requirements && uv pip compile --universal --python-version 3.11 --generate-hashes --no-header X.in -o X.txt"


def wanted(name):
    """Yield the requirements of an .in file and of those it includes."""
    for line in (FOLDER / f"{name}.in").read_text().splitlines():
        text = line.split("#")[0].strip()
        if text.startswith("-r "):
            yield from wanted(text.removeprefix("-r ").removesuffix(".in"))
        elif text:
            yield Requirement(text)


def pins(name):
    """Return what a compiled file pins: name → versions; a universal file may pin one per platform."""
    found: dict[str, set[str]] = {}
    for package, version in re.findall(
        r"^([\w.-]+)==([^\s;\\]+)", (FOLDER / f"{name}.txt").read_text(), re.MULTILINE
    ):
        found.setdefault(canonicalize_name(package), set()).add(version)
    return found


@pytest.mark.parametrize("name", NAMES)
def test_everything_that_is_wanted_is_pinned(name):
    pinned = pins(name)
    stale = [
        str(each)
        for each in wanted(name)
        if not any(
            each.specifier.contains(version) for version in pinned.get(canonicalize_name(each.name), ())
        )
    ]
    assert stale == [], f"recompile: {HINT.replace('X', name)}"


@pytest.mark.parametrize("name", NAMES)
def test_everything_is_pinned_with_hashes(name):
    blocks = re.split(r"\n(?=\w)", (FOLDER / f"{name}.txt").read_text())
    assert [block.split()[0] for block in blocks if "--hash=sha256:" not in block] == []


@pytest.mark.parametrize("outer", ["test", "dev", "bench"])
def test_the_base_is_the_same_wherever_it_is_included(outer):
    """`make run` uses an environment that `make test` filled, and the other way round."""
    base, including = pins("base"), pins(outer)
    assert {name: including.get(name) for name in base} == base


@pytest.mark.parametrize("outer", ["dev"])
def test_the_test_and_docs_pins_are_those_of_the_environment_that_contains_them(outer):
    including = pins(outer)
    for inner in ("test", "docs"):
        assert {name: including.get(name) for name in pins(inner)} == pins(inner)


def test_the_distribution_needs_only_what_the_base_pins():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = dict(project["optional-dependencies"])
    check(extras.pop("testing"), pinned=pins("test"))
    check(
        [*project["dependencies"], *(text for extra in extras.values() for text in extra)],
        pinned=pins("base"),
    )


def check(texts, *, pinned):
    for each in map(Requirement, texts):
        versions = pinned[canonicalize_name(each.name)]
        assert all(each.specifier.contains(version) for version in versions), each
