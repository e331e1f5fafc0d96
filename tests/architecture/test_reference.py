"""The reference pages name everything there is: settings, topology keys, errors, verbs and their options."""

from __future__ import annotations

import argparse
import inspect
import re

import pytest

from strangler import cli, conf, errors
from strangler.core import gateway, topology_file
from tests.architecture.source import ROOT

REFERENCE = ROOT / "docs" / "reference"


def first_column(page):
    """Return the names in code style at the start of the page's table rows."""
    return set(re.findall(r"^\| `([^`]+)` \|", (REFERENCE / page).read_text(), re.MULTILINE))


def section(verb):
    """Return the part of the commands page that is about a verb."""
    text = (REFERENCE / "commands.md").read_text()
    assert f"## `{verb}`" in text, f"docs/reference/commands.md has no section about {verb}"
    return text.split(f"## `{verb}`")[1].split("\n## ")[0]


def test_settings_names_every_key_and_no_other():
    assert first_column("settings.md") == set(conf._READERS)


def test_topology_names_every_key_and_no_other():
    keys = topology_file._MONOLITH_KEYS + topology_file._SERVICE_KEYS + topology_file._TARGET_KEYS
    keys += topology_file._MOVE_KEYS
    keys += topology_file._RESIDENCY_KEYS
    keys += topology_file._ROUTE_KEYS + topology_file._CALL_KEYS
    assert first_column("topology.md") == {*keys, *gateway.GATEWAY_KEYS, *gateway.DATABASE_KEYS}


def test_errors_names_every_error_and_no_other():
    found = {
        name
        for name, value in vars(errors).items()
        if inspect.isclass(value) and issubclass(value, Exception)
    }
    assert first_column("errors.md") == found


@pytest.mark.parametrize("verb", cli.VERBS)
def test_commands_names_every_option_of_the_verb(verb):
    parser = argparse.ArgumentParser(add_help=False)
    cli.VERBS[verb].add_arguments(parser)
    options = [option for action in parser._actions for option in action.option_strings]
    assert [option for option in options if f"`{option}" not in section(verb)] == []


@pytest.mark.parametrize("verb", cli.VERBS)
def test_the_readme_names_the_verb(verb):
    assert f"strangler {verb}" in (ROOT / "README.md").read_text()
