"""The files of `strangler gateway`: written, or compared with those that are there."""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from strangler.gateway import render
from strangler.gateway.installations import SECRET

if TYPE_CHECKING:
    from django.core.management.base import OutputWrapper

    from strangler.gateway import Site


def render_files(site: Site, options: dict[str, Any], stdout: OutputWrapper) -> int:
    """Print what is rendered, or write it below `--output`."""
    for name, text in render(site, options["what"]).items():
        if options["output"] is None:
            stdout.write(text)
            continue
        path = options["output"] / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.name == SECRET.name:
            path.touch(mode=0o600)  # for whoever renders, and for root, as which nginx reads it
        path.write_text(text, encoding="utf-8")
        stdout.write(str(path))
    return 0


def diff_files(site: Site, options: dict[str, Any], stdout: OutputWrapper) -> int:
    """Print how the files below `--output` differ from what would be rendered; 1 if they do."""
    folder, code = options["output"] or Path("deploy"), 0
    for name, text in render(site, options["what"]).items():
        path = folder / name
        there = path.read_text(encoding="utf-8") if path.exists() else ""
        lines = list(
            difflib.unified_diff(there.splitlines(), text.splitlines(), str(path), "rendered", lineterm="")
        )
        code = 1 if lines else code
        for line in lines:
            stdout.write(line)
    return code
