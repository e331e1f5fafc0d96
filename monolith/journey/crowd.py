"""Many people who look at one page, each with a browser of their own."""

import threading
import time

import requests

from monolith.journey.beside import Beside

THREADS = 4


class Crowd(Beside):
    """Look at *address* again and again while the block lasts, every time as somebody new.

    Args:
        address: of the page.
        per_second: how often, all together.
    """

    def __init__(self, address: str, *, per_second: float) -> None:
        self.looks = 0
        self.problems: list[str] = []
        self._address = address
        self._pause = THREADS / per_second
        self._lock = threading.Lock()
        super().__init__([self._look] * THREADS)

    def _look(self) -> None:
        with requests.Session() as session:
            while not self._stop.is_set():
                began = time.monotonic()
                problem = self._problem_of(session)
                session.cookies.clear()
                with self._lock:
                    self.looks += 1
                    self.problems += [problem] if problem else []
                self._stop.wait(max(0.0, self._pause - (time.monotonic() - began)))

    def _problem_of(self, session: requests.Session) -> str:
        try:
            answer = session.get(self._address, timeout=30)
        except requests.RequestException as error:
            return repr(error)
        return "" if answer.ok else f"{answer.status_code} {answer.text[:200]}"
