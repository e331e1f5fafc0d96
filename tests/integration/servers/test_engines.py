"""``python -m tests.servers`` gives a command real servers and takes them away again."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.servers.fixtures import require_server

QUESTION = "from django.db import connection; print(connection.vendor, connection.settings_dict['PORT'])"


def run(*arguments, **environment):
    """Run the module and return what it did."""
    command = [sys.executable, "-m", "tests.servers", *arguments]
    return subprocess.run(
        command, env={**os.environ, **environment}, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize(("engine", "vendor"), [("mariadb", "mysql"), ("postgres", "postgresql")])
def test_the_command_finds_the_engine(engine, vendor):
    require_server(engine)
    result = run(engine, "--", sys.executable, "manage.py", "shell", "-v", "0", "-c", QUESTION)
    assert result.stdout.split()[0] == vendor, result.stderr


def test_the_command_s_exit_status_is_passed_on():
    assert run("valkey", "--", sys.executable, "-c", "raise SystemExit(3)").returncode == 3


def test_an_unknown_server_is_refused_with_the_known_ones():
    result = run("oracle", "--", "true")
    assert result.returncode == 2
    assert "mariadb|postgres" in result.stderr


def test_a_missing_server_leaves_the_command_out_but_fails_continuous_integration():
    program = (
        "import sys; from tests.servers import __main__, catalogue; catalogue.SEARCH_PATH = ''; "
        "sys.exit(__main__.main(['redis', '--', 'false']))"
    )
    results = [
        subprocess.run([sys.executable, "-c", program], env={**os.environ, "CI": ci}, check=False).returncode
        for ci in ("", "true")
    ]
    assert results == [0, 1]
