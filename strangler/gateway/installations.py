"""Where a server's files lie on this machine, and how it is tested, reloaded and asked for its version."""

from __future__ import annotations

import shlex
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from strangler.errors import GatewayError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from strangler.gateway.site import Site

SECRET = Path("strangler.d/secret.conf")  # beside the folder of the other files
Command = tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Installation:
    """One server on this machine.

    Args:
        what: the target that is rendered for it.
        folder: where its files lie.
        test: the command that tests a candidate; `{path}` is its main file.
        reload: the command that makes the running server read its files.
        status_url: where it says its version.
        needs_frame: the candidate is no whole configuration but a part of the http block.
        secret: the file of what belongs into no repository; None where there is none.
    """

    what: str
    folder: Path
    test: Command
    reload: Command
    status_url: str
    needs_frame: bool = False
    secret: Path | None = None

    def names(self, files: Mapping[str, str]) -> dict[Path, str]:
        """Return where each of the rendered *files* belongs, and its content."""
        return {self.folder / Path(name).name: text for name, text in files.items()}


def find(what: str, site: Site, *, folder: str = "", reload: str = "") -> Installation:
    """Return the installation of *what* as Debian has it, with another folder and another command where given.

    Raises:
        GatewayError: *what* is no server that can be reloaded.
    """
    if what not in _KNOWN:
        raise GatewayError(f"{what!r} is nothing that could be applied.{did_you_mean(what, _KNOWN)}")
    usual = _KNOWN[what](site)
    place = Path(folder) if folder else usual.folder
    return replace(
        usual,
        folder=place,
        reload=tuple(shlex.split(reload)) if reload else usual.reload,
        secret=place.parent / SECRET if usual.secret is not None else None,
    )


def _nginx(site: Site) -> Installation:
    return Installation(
        what="nginx",
        folder=Path("/etc/nginx/conf.d"),
        test=("nginx", "-t", "-q", "-c", "{path}"),
        reload=("nginx", "-s", "reload"),
        status_url=f"http://127.0.0.1:{site.gateway.status_port}/version",
        needs_frame=True,
        secret=Path("/etc/nginx") / SECRET,
    )


def _haproxy(site: Site) -> Installation:
    return Installation(
        what="haproxy",
        folder=Path("/etc/haproxy"),
        test=("haproxy", "-c", "-q", "-f", "{path}"),
        reload=("systemctl", "reload", "haproxy"),
        status_url=f"http://127.0.0.1:{site.gateway.status_port + 1}/version",
    )


_KNOWN: Mapping[str, Callable[[Site], Installation]] = {"nginx": _nginx, "haproxy": _haproxy}
