"""`strangler gateway`, as far as it needs neither servers nor a database."""

from __future__ import annotations

from dataclasses import replace
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from rich.console import Console

from strangler.cli.gateway_text import say_findings
from strangler.gateway.checking import Finding
from strangler.gateway.stamp import Stamp


def run(*words: str, capsys) -> str:
    call_command("strangler", "gateway", *words)
    return capsys.readouterr().out


def test_it_prints_what_it_renders(capsys):
    text = run("render", "nginx", "--fresh", capsys=capsys)
    assert text.startswith("# /etc/nginx/conf.d/strangler.conf")
    assert Stamp.find(text).revision == 0
    assert "server images:8000;" in text
    assert "server 127.0.0.1:8001;" in run("render", "nginx", "--fresh", "--machine", capsys=capsys)


def test_it_writes_files_and_says_which_and_finds_no_difference_then(tmp_path, capsys):
    said = run("render", "--fresh", "--output", str(tmp_path), capsys=capsys).split()
    assert all(Path(name).is_file() for name in said)
    assert (tmp_path / "nginx" / "strangler.conf").is_file()
    assert not (tmp_path / "nginx" / "strangler.d").exists()
    assert run("diff", "--fresh", "--output", str(tmp_path), capsys=capsys) == ""


def test_a_difference_is_shown_and_is_a_failure(tmp_path, capsys):
    run("render", "procfile", "--fresh", "--output", str(tmp_path), capsys=capsys)
    (tmp_path / "Procfile").write_text("web: something else\n")
    with pytest.raises(SystemExit) as end:
        run("diff", "procfile", "--fresh", "--output", str(tmp_path), capsys=capsys)
    assert end.value.code == 1
    assert "-web: something else" in capsys.readouterr().out


def test_the_secret_is_rendered_only_if_it_is_asked_for(tmp_path, capsys):
    run("render", "secrets", "--fresh", "--output", str(tmp_path), capsys=capsys)
    path = tmp_path / "nginx" / "strangler.d" / "secret.conf"
    assert "Strangler-Gateway" in path.read_text()
    assert path.stat().st_mode & 0o777 == 0o600


def test_an_unknown_target_is_named_with_the_nearest_one(capsys):
    with pytest.raises(CommandError, match=r"no target 'ngnix'.*Did you mean 'nginx'"):
        run("render", "ngnix", "--fresh", capsys=capsys)


def test_what_is_behind_is_said_with_the_command_that_brings_it_along():
    findings = [Finding(what="file", name="/etc/x.conf", found="missing", is_current=False)]
    process = Finding(what="process", name="web:1", found="rollouts 1", is_current=False)
    assert "up to date with: gateway apply nginx --machine" in said_of(findings)
    assert "restart it" not in said_of(findings)
    assert "up to date" not in said_of([process])
    assert "restart it" in said_of([process])
    assert said_of([replace(process, is_current=True)]).splitlines()[-1].split() == [
        *("process", "web:1", "rollouts", "1", "current")
    ]


def said_of(findings):
    out = Console(file=StringIO(), width=120)
    say_findings(
        findings, wanted=Stamp(topology="0" * 12, revision=1), apply="gateway apply nginx --machine", out=out
    )
    return out.file.getvalue()
