"""Another visitor, who looks at the home page all the time and notices every failure."""

import threading
import time
from dataclasses import dataclass
from typing import Self

import requests

PAUSE_SECONDS = 0.2
TIMEOUT_SECONDS = 30


@dataclass(frozen=True, slots=True)
class Look:
    """One look at the home page; *problem* is empty if it was there."""

    at: float
    seconds: float
    problem: str


@dataclass(frozen=True, slots=True)
class Sight:
    """What was seen in some span of time."""

    looks: tuple[Look, ...]

    @property
    def problems(self) -> list[str]:
        """What went wrong, if anything did."""
        return [look.problem for look in self.looks if look.problem]

    def percentile(self, percent: float) -> float:
        """Return the time that *percent* of the looks did not exceed, in seconds; zero without looks."""
        times = sorted(look.seconds for look in self.looks)
        return times[min(len(times) - 1, int(len(times) * percent / 100))] if times else 0.0


class Watcher:
    """A thread that fetches *url* again and again; use it as a context manager."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._looks: list[Look] = []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(TIMEOUT_SECONDS)

    def since(self, moment: float) -> Sight:
        """Return what was seen since *moment* (of `time.perf_counter`)."""
        return Sight(tuple(look for look in self._looks if look.at >= moment))

    @property
    def everything(self) -> Sight:
        """Return all that was seen."""
        return Sight(tuple(self._looks))

    def _watch(self) -> None:
        with requests.Session() as session:
            while not self._stop.wait(PAUSE_SECONDS):
                self._looks.append(self._look(session))

    def _look(self, session: requests.Session) -> Look:
        started = time.perf_counter()
        try:
            status = session.get(self._url, timeout=TIMEOUT_SECONDS).status_code
            problem = "" if status == requests.codes.ok else f"the home page answered {status}"
        except requests.RequestException as error:
            problem = f"the home page did not answer: {error}"
        return Look(started, time.perf_counter() - started, problem)
