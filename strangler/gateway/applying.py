"""Bring rendered files into place: test, swap, reload, verify, and go back if the server refuses them.

Nothing that runs is touched before the candidate has passed the server's own test. Each file is swapped by a rename, so that
a server that starts at that moment reads the old one or the new one and never half of either. If the server does not
say the new version in time, the old files come back and are loaded again. Two applications at once wait for each other.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import subprocess
import tempfile
import time
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from strangler.errors import GatewayError
from strangler.gateway.nginx import render_secrets
from strangler.gateway.probing import running_stamp
from strangler.gateway.renderers import render

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from strangler.gateway.installations import Command, Installation
    from strangler.gateway.site import Site
    from strangler.gateway.stamp import Stamp

POLL_EVERY = timedelta(milliseconds=50)
SURE_AFTER = 5  # answers in a row: workers of before and after take turns for a moment
COMMAND_TIMEOUT = timedelta(seconds=30)
DAEMONS_LIVE_IN = ("/usr/local/sbin", "/usr/sbin", "/sbin")  # not on the PATH of ordinary users
_FRAME = """pid {folder}/pid;
error_log stderr;
events {{}}
http {{
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    access_log off;
    include {candidate};
}}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """What `apply` did: the version that was there, the one that runs now, and how long it took to run."""

    what: str
    before: Stamp | None
    now: Stamp
    took: timedelta


def apply(site: Site, installation: Installation, *, timeout: timedelta = timedelta(seconds=10)) -> Applied:
    """Render *site* for a server on this machine, and return when it runs with it.

    Idempotent: what is there already is loaded again. Going back is loaded too.
    Args:
        site: what to render.
        installation: where and how.
        timeout: for the server to say the new version, and the same again to go back.
    Raises:
        GatewayError: the server refused the candidate, or did not take it; the old files are in place.
    """
    files = installation.names(render(site, [installation.what]))
    with _alone(installation.folder):
        try_out(files, installation)
        _put_secret(installation)
        before = {path: path.read_bytes() if path.exists() else None for path in files}
        was = running_stamp(installation.status_url)
        began = time.monotonic()
        try:
            _swap({path: text.encode() for path, text in files.items()})
            _run(installation.reload)
            _await(site.stamp, installation, timeout=timeout)
        except (GatewayError, OSError) as error:
            _go_back(before, installation)
            raise GatewayError(f"{error} The files that were there are in place again.") from error
    took = timedelta(seconds=time.monotonic() - began)
    return Applied(what=installation.what, before=was, now=site.stamp, took=took)


@contextlib.contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Keep others from changing the same files meanwhile."""
    if not folder.is_dir():
        raise GatewayError(f"There is no folder {folder}. Name the right one with --folder.")
    with (folder / ".strangler.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def try_out(files: Mapping[Path, str], installation: Installation) -> None:
    """Let the server's own test read *files*, the main one first, in a folder of their own.

    Raises:
        GatewayError: it refuses them, and what it said.
    """
    with tempfile.TemporaryDirectory(prefix="strangler-gateway-") as name:
        folder = Path(name)
        for path, text in files.items():
            (folder / path.name).write_text(text, encoding="utf-8")
        main = folder / next(iter(files)).name
        if installation.needs_frame:
            frame = folder / "frame.conf"
            frame.write_text(_FRAME.format(folder=folder, candidate=main), encoding="utf-8")
            main = frame
        _run(tuple(part.replace("{path}", str(main)) for part in installation.test))


def _swap(files: Mapping[Path, bytes | None]) -> None:
    for path, content in files.items():
        if content is None:
            path.unlink(missing_ok=True)
            continue
        fresh = path.with_name(f".{path.name}.new")
        with fresh.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)


def _put_secret(installation: Installation) -> None:
    """Write what belongs into no repository, for root alone."""
    path = installation.secret
    if path is None:
        return
    path.parent.mkdir(mode=0o700, exist_ok=True)
    fresh = path.with_suffix(".new")
    fresh.touch(mode=0o600)
    fresh.write_text(render_secrets(), encoding="utf-8")
    fresh.replace(path)


def _go_back(before: Mapping[Path, bytes | None], installation: Installation) -> None:
    _swap(before)
    if any(content is not None for content in before.values()):
        with contextlib.suppress(
            GatewayError
        ):  # what was there ran before; the first error is the one to tell
            _run(installation.reload)


def _await(stamp: Stamp, installation: Installation, *, timeout: timedelta) -> None:
    """Return once the new version was said so often that no worker of before can be left that takes connections."""
    end = time.monotonic() + timeout.total_seconds()
    said = 0
    while said < SURE_AFTER:
        found = running_stamp(installation.status_url)
        said = said + 1 if found == stamp else 0
        if time.monotonic() >= end:
            raise GatewayError(
                f"{installation.what} does not run with {stamp} after {timeout.total_seconds():.0f} s: "
                f"{installation.status_url} says {found or 'nothing'}."
            )
        time.sleep(POLL_EVERY.total_seconds())


def _run(command: Command) -> None:
    program = shutil.which(
        command[0], path=os.pathsep.join([os.environ.get("PATH", os.defpath), *DAEMONS_LIVE_IN])
    )
    if program is None:
        raise GatewayError(f"There is no program {command[0]!r} on this machine.")
    try:
        done = subprocess.run(  # noqa: S603 - the operator's own command
            [program, *command[1:]],
            capture_output=True,
            text=True,
            check=False,
            timeout=COMMAND_TIMEOUT.total_seconds(),
        )
    except subprocess.TimeoutExpired as error:
        raise GatewayError(f"`{' '.join(command)}` did not end.") from error
    if done.returncode:
        raise GatewayError(f"`{' '.join(command)}` failed.", output=(done.stdout + done.stderr).strip())
