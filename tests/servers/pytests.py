"""Runs of pytest within a test, in processes forked from one that has pytest and what its plugins need loaded.

Not the plugins themselves: pytest rewrites the asserts of those while it imports them.
"""

from __future__ import annotations

import os
import subprocess
import sys
from functools import cache
from typing import TYPE_CHECKING, Any

from strangler.forking import Forked, Forker, completed, start_forker

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pytest

LIBRARIES = (
    "pytest",
    "_pytest.junitxml",
    "_pytest.pytester",
    "environ",
    "execnet.gateway",
    "mirakuru",
    "pdb",
    "psutil",
    "strangler.core.topology_file",
)
UNUSED = ("anyio", "asyncio", "faker", "hypothesispytest", "rerunfailures", "valkey")
"""Plugins that such runs do without, since they take time to load."""


@cache
def _forker() -> Forker:
    return start_forker(*LIBRARIES)


def run(*arguments: str, cwd: os.PathLike[str], env: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """Run pytest with *arguments* and return what `subprocess.run` would."""
    return completed(_forker(), ["-m", "pytest", *arguments], cwd=cwd, env=env)


def fork_from_here(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let `runpytest_subprocess` fork."""

    def popen(command: Sequence[str], *, stdout: Any, stderr: Any, **_: object) -> Forked:
        python, module, *arguments = map(os.fspath, command)
        assert (python, module) == (sys.executable, "-mpytest")
        path = os.pathsep.join([os.getcwd(), *filter(None, [os.environ.get("PYTHONPATH")])])  # noqa: PTH109
        return _forker().start(
            ["-m", "pytest", *arguments],
            env={**os.environ, "PYTHONPATH": path},
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=stderr,
        )

    monkeypatch.setattr(pytester, "popen", popen)
