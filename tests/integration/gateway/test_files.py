"""The servers themselves read what is rendered for them."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from strangler.gateway.applying import try_out
from strangler.gateway.installations import find
from tests.architecture.source import ROOT
from tests.golden.gateway.example import FILES, example
from tests.servers.catalogue import SERVERS
from tests.servers.fixtures import require_server

HOSTS = ("monolith", "images", "email", "accounts", "reporting", "catalog")
# For nobody but this test; it lasts for a hundred years.
CERTIFICATE = """\
-----BEGIN CERTIFICATE-----
MIIBhjCCASugAwIBAgIUaj4O/D7uUwA67PmcrqXykR06/ncwCgYIKoZIzj0EAwIw
FzEVMBMGA1UEAwwMc2hvcC5leGFtcGxlMCAXDTI2MTEyNDIzMzA1NloYDzIxMjYx
MDMxMjMzMDU2WjAXMRUwEwYDVQQDDAxzaG9wLmV4YW1wbGUwWTATBgcqhkjOPQIB
BggqhkjOPQMBBwNCAASPUup1/WnAFxOLdCVjqACc8+4ZfAUzgeXtnwveO8H/2ehu
pSApPdhlk7c5+R7uRbaXLju6kKF2bsSQInwoF9dBo1MwUTAdBgNVHQ4EFgQUCAly
3LrfXp/MZgX+8MMtP4hRBaAwHwYDVR0jBBgwFoAUCAly3LrfXp/MZgX+8MMtP4hR
BaAwDwYDVR0TAQH/BAUwAwEB/zAKBggqhkjOPQQDAgNJADBGAiEAhNTmVzkGFPMw
Ba2vMC9+QHFZprgrPQhX+z177z7QxmcCIQDm20K+eC/s2Xj3ykUMXRLG/xbz+8tZ
V/0kyLQv9bv7Pg==
-----END CERTIFICATE-----
"""
KEY = """\
-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgDYP2lejXsbHxTQvA
nvoDbzdVPRQERZsuihunzrWLM6GhRANCAASPUup1/WnAFxOLdCVjqACc8+4ZfAUz
geXtnwveO8H/2ehupSApPdhlk7c5+R7uRbaXLju6kKF2bsSQInwoF9dB
-----END PRIVATE KEY-----
"""


def here(path: Path, folder: Path) -> str:
    """Return a rendered file with addresses that can be resolved, and a certificate that is there."""
    text = path.read_text()
    for host in HOSTS:
        text = text.replace(f" {host}:8000", " 127.0.0.1:8000")
    (folder / "chain.pem").write_text(CERTIFICATE + KEY)
    for name in ("chain", "key"):
        text = text.replace(f"/etc/ssl/shop/{name}.pem", str(folder / "chain.pem"))
    return text


@pytest.fixture(params=[FILES, ROOT / "deploy"], ids=["example", "deploy"])
def folder(request) -> Path:
    return request.param


def test_nginx_reads_its_file(folder, tmp_path):
    require_server("nginx")
    text = here(folder / "nginx" / "strangler.conf", tmp_path)
    try_out({Path("strangler.conf"): text}, find("nginx", example()))


def test_haproxy_reads_its_files(folder, tmp_path):
    require_server("haproxy")
    texts = {
        Path("haproxy.cfg"): here(folder / "haproxy" / "haproxy.cfg", tmp_path),
        Path("strangler.lua"): (folder / "haproxy" / "strangler.lua").read_text(),
    }
    try_out(texts, find("haproxy", example()))


def test_haproxy_reads_what_is_before_the_databases(folder):
    require_server("haproxy")
    command = [SERVERS["haproxy"].find("haproxy"), "-c", "-q", "-f", folder / "haproxy" / "databases.cfg"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_mariadb_reads_its_file(folder):
    require_server("mariadb")
    program = SERVERS["mariadb"].find("mariadbd")
    command = [program, f"--defaults-file={folder / 'mysql' / 'strangler.cnf'}", "--verbose", "--help"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    values = dict(line.split(maxsplit=1) for line in done.stdout.splitlines() if len(line.split()) == 2)
    assert values["innodb-file-per-table"] == "TRUE"
    assert values["innodb-flush-log-at-trx-commit"] == "1"
    assert (
        f"max_connections = {values['max-connections']}" in (folder / "mysql" / "strangler.cnf").read_text()
    )
