"""A private HAProxy."""

from __future__ import annotations

from collections.abc import Mapping

from tests.servers.processes import HOST, PrivateServer


class HAProxy(PrivateServer):
    """An HAProxy with the given files; the first is its configuration, and the port that it binds is *port*."""

    name = "haproxy"

    def __init__(self, files: Mapping[str, str], *, port: int) -> None:
        super().__init__(port=port)
        self._files = files

    @property
    def url(self) -> str:
        """Return the address without a trailing slash."""
        return f"http://{HOST}:{self.port}"

    def prepare(self) -> None:
        """Write the files."""
        for name, text in self._files.items():
            (self.folder / name).write_text(text)

    def command(self) -> list[str]:
        """Return haproxy in the foreground, as a master with one worker, so that it can be reloaded."""
        return [self.program("haproxy"), "-W", "-db", "-f", str(self.folder / next(iter(self._files)))]
