"""A client that asks at a fixed rate, however slow the answers are, and prints how long each took, and all of them.

    python -m tests.bench._open_loop http://127.0.0.1:8000/ --rate 50 --seconds 10

A client that waits for an answer before it asks again (wrk) sees few of the slow moments it is there to find. This one
measures from the moment when a request was due. Connections are kept, and as many are opened as are needed.
"""

import argparse
import asyncio
import gc
import json
import sys
import time
from urllib.parse import urlsplit

PATIENCE_SECONDS = 15


class Client:
    """Connections to one server, and what was measured on them."""

    def __init__(self, url: str, *, headers: list[str]) -> None:
        parts = urlsplit(url)
        self.address = (parts.hostname, parts.port)
        lines = [f"GET {parts.path or '/'} HTTP/1.1", f"Host: {parts.netloc}", *headers, "", ""]
        self.request = "\r\n".join(lines).encode()
        self.took: list[float] = []
        self.failed = 0
        self._idle: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []

    async def load(self, *, rate: float, seconds: float) -> float:
        """Ask *rate* times a second, and wait for the last answers; returns the seconds that it took."""
        began = time.perf_counter() + 0.1
        tasks = []
        for number in range(int(rate * seconds)):
            due = began + number / rate
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            tasks.append(asyncio.create_task(self._ask(due)))
        _, late = await asyncio.wait(tasks, timeout=PATIENCE_SECONDS)
        for task in late:
            task.cancel()
        self.failed += len(late)
        return time.perf_counter() - began

    async def _ask(self, due: float) -> None:
        while True:
            is_kept = bool(self._idle)
            try:
                connection = self._idle.pop() if is_kept else await asyncio.open_connection(*self.address)
                status = await self._exchange(*connection)
                break
            except (OSError, EOFError, ValueError):
                if not is_kept:  # else the server had closed an idle connection, as it may
                    self.failed += 1
                    return
        self.took.append(time.perf_counter() - due)
        self.failed += status != 200
        self._idle.append(connection)

    async def _exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> int:
        writer.write(self.request)
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
        if "transfer-encoding: chunked" in head:
            while size := int(await reader.readline(), 16):
                await reader.readexactly(size + 2)
            await reader.readline()
        else:
            await reader.readexactly(int(head.partition("content-length:")[2].split()[0]))
        return int(head.split()[1])


def main() -> int:
    """Load, and print the milliseconds of each answer as one line of JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("url")
    parser.add_argument("--rate", type=float, required=True)
    parser.add_argument("--seconds", type=float, required=True)
    parser.add_argument("--header", action="append", default=[])
    options = parser.parse_args()
    gc.disable()  # a pause of the client would be taken for one of the server
    client = Client(options.url, headers=options.header)
    seconds = asyncio.run(client.load(rate=options.rate, seconds=options.seconds))
    took = [round(1000 * each, 3) for each in client.took]
    sys.stdout.write(json.dumps({"took_ms": took, "failed": client.failed, "seconds": seconds}) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
