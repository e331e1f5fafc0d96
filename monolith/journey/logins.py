"""People who log in again and again, each time in a new browser."""

import time
from collections.abc import Sequence
from functools import partial

import requests

from monolith.journey.beside import Beside
from monolith.journey.visitor import Visitor
from monolith.journey.watcher import Look, Sight

PAUSE_SECONDS = 0.1


class LogIns(Beside):
    """Let each of *people* log in again and again while the block lasts."""

    def __init__(self, people: Sequence[Visitor]) -> None:
        self._looks: list[Look] = []
        super().__init__([partial(self._log_in, person) for person in people])

    @property
    def sight(self) -> Sight:
        """What they saw so far: how long each login took, and what went wrong."""
        return Sight(tuple(self._looks))

    def _log_in(self, person: Visitor) -> None:
        while not self._stop.is_set():
            self._looks.append(_look(Visitor(person.site, name=person.name)))
            self._stop.wait(PAUSE_SECONDS)


def _look(visitor: Visitor) -> Look:
    began = time.perf_counter()
    try:
        answer = visitor.log_in()
    except requests.RequestException as error:
        return Look(began, time.perf_counter() - began, f"{visitor.name} got no answer: {error}")
    problem = "" if answer.is_done else f"{visitor.name} could not log in: {answer.status}"
    return Look(began, answer.seconds, problem)
