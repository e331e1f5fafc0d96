"""In a container nothing may be written beside the code, which is where a checkout keeps its databases."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

from strangler.gateway.processes import all_processes
from strangler.gateway.site import Site
from tests.architecture.source import ROOT

SECRETS = {"SECRET_KEY": "s" * 50, "STRANGLER_SIGNING_KEYS": "k" * 40, "ALLOWED_HOSTS": "shop.example"}
READ = "import importlib, sys; [importlib.import_module(name) for name in sys.argv[1:]]"


def test_every_process_reads_its_settings_where_nothing_may_be_written(tmp_path):
    for name in ("monolith", "extracted", "strangler"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "var").write_text("no folder can be made here\n")
    settings = {process.settings for process in all_processes(Site.now(is_fresh=True))}
    assert "extracted.accounts.settings" in settings
    inherited = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    done = subprocess.run(
        [sys.executable, "-B", "-c", READ, *sorted(settings)],
        cwd=tmp_path,
        env={**inherited, **SECRETS, "DATABASE_URL": "mysql://shop:secret@db/shop"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
