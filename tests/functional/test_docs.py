"""Every example in README.md and docs/ does what the page says.

Python is executed, TOML is read as a topology, `console` blocks are run against an empty database and their output is
compared, and the lines of `sh` blocks must name targets, verbs and options that exist.
"""

from __future__ import annotations

import doctest
import os
import re
import shlex
import shutil
import subprocess
import tomllib

import pytest
from django.core.management import CommandError, load_command_class
from sybil import Sybil
from sybil.parsers.markdown import CodeBlockParser, PythonCodeBlockParser

from strangler.core import topology_file
from strangler.testing import Commands
from tests.architecture.source import ROOT

FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
TARGETS = set(re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(), re.MULTILINE))


def read_topology(example):
    """Evaluate a TOML block: a whole topology is read as one, anything else must at least be TOML."""
    document = tomllib.loads(example.parsed)
    if {"monolith", "services"} & set(document):
        topology_file.parse(document, where="the example")


def run_session(example):
    """Evaluate a console block: run what follows `$`, compare what it prints; `...` stands for anything."""
    for step in re.split(r"^\$ ", example.parsed, flags=re.MULTILINE)[1:]:
        command, _, wanted = step.partition("\n")
        python, program, *arguments = shlex.split(command)
        assert (python, program) == ("python", "manage.py"), command
        done = example.namespace["commands"].run(*arguments)
        printed = done.stdout + done.stderr
        if not doctest.OutputChecker().check_output(wanted, printed, FLAGS):
            pytest.fail(f"$ {command}\nthe page says:\n{wanted}\nit printed:\n{printed}", pytrace=False)


def read_script(example):
    """Evaluate a shell block without running it: what it names must exist."""
    subprocess.run(["bash", "-n", "-c", example.parsed], check=True)
    for line in example.parsed.splitlines():
        words = shlex.split(line.replace("&&", ""), comments=True)
        while words and re.fullmatch(r"\w+=.*", words[0]):
            words.pop(0)
        if words[:1] == ["make"]:
            assert words[1] in TARGETS
        if "manage.py" in words:
            check_command(words[words.index("manage.py") + 1 :])


def check_command(words):
    """Parse a management command's line as Django would."""
    apps = {"strangler": "strangler", "journey": "monolith.journey", "seed": "monolith"}
    if words[0] not in apps or words[0] != "strangler":
        return
    parser = load_command_class(apps[words[0]], words[0]).create_parser("manage.py", words[0])
    try:
        parser.parse_args(words[1:])
    except (CommandError, SystemExit) as error:
        pytest.fail(f"manage.py {' '.join(words)}: {error}")


SYBIL = Sybil(
    parsers=[
        PythonCodeBlockParser(doctest_optionflags=FLAGS),
        CodeBlockParser("toml", read_topology),
        CodeBlockParser("console", run_session),
        CodeBlockParser("sh", read_script),
    ],
    path=str(ROOT),
)


def commands_on(database):
    """Return the monolith's commands on a file of SQLite."""
    return Commands({**os.environ, "DATABASE_URL": f"sqlite:///{database}"})


@pytest.fixture(scope="module")
def migrated(tmp_path_factory):
    """Return a file of SQLite with all tables and no rows."""
    database = tmp_path_factory.mktemp("docs") / "migrated.sqlite3"
    with commands_on(database) as commands:
        assert commands.run("migrate", "--verbosity=0").returncode == 0
    return database


@pytest.fixture
def commands(migrated, tmp_path):
    """Return the monolith's commands on an empty database."""
    with commands_on(shutil.copy(migrated, tmp_path / "docs.sqlite3")) as found:
        yield found


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_the_examples_of_the_page_are_true(page, request, monkeypatch):
    document = SYBIL.parse(page)
    if "```console" in page.read_text():
        document.namespace["commands"] = request.getfixturevalue("commands")
    monkeypatch.chdir(ROOT)
    for example in document.examples():
        example.evaluate()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_the_links_of_the_page_lead_somewhere(page):
    links = re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text())
    local = [link for link in links if "://" not in link]
    assert [link for link in local if not (page.parent / link).exists()] == []
