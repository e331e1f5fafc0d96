"""The values of a topology: the monolith, its services, and the seams between them: routes and calls."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from types import MappingProxyType
from typing import TYPE_CHECKING, ClassVar, Protocol

from strangler.core.residency import Residency
from strangler.core.verdict import Targets

if TYPE_CHECKING:
    from collections.abc import Mapping

    from strangler.core.ladder import Step
    from strangler.core.paths import PathPattern

METHODS = ("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE")
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_SEAM_NAME = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+")
_SERVICE_NAME = re.compile(r"[a-z][a-z0-9_]*")
_VARIABLE_NAME = re.compile(r"[A-Z][A-Z0-9_]*")
RESERVED_NAMES = frozenset({"monolith", "valkey", "smtp"})  # the other processes of `strangler up`
RESERVED_VARIABLES = frozenset({"MONOLITH_URL", "BROKER_URL", "EMAIL_URL"})  # say where those are
_COOKIE_NAME = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_TASK_NAME = re.compile(r"[^\s;,]{1,255}")
DEFAULT_TIMEOUT = timedelta(seconds=10)
DEFAULT_DRAIN = timedelta(hours=48)  # a weekend, which is how long a job with an ETA often waits


class Seam(Protocol):
    """What a route and a call have in common: all that a rollout needs to know."""

    @property
    def name(self) -> str:
        """Name of the seam."""

    @property
    def service(self) -> str:
        """Name of the service that can do the work."""

    @property
    def has_legacy(self) -> bool:
        """Whether the monolith can do the work too, so that there is something to roll out."""

    @property
    def kind(self) -> str:
        """`route`, `call` or `question`."""

    @property
    def place(self) -> str:
        """Where it is, for people: methods and path, or the service's task."""

    @property
    def targets(self) -> Targets:
        """What it has to prove before it goes forward."""

    @property
    def gates(self) -> tuple[Step, ...]:
        """Steps that somebody approves before `rollout SEAM auto` goes there."""

    @property
    def compare_percent(self) -> Decimal:
        """Share of its requests or calls that are compared while it is in canary or live."""

    @property
    def rules(self) -> tuple[str, ...]:
        """Rules for comparing both sides, as texts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """A seam that is a URL pattern with methods.

    Args:
        name: name of the seam, `images.upload`.
        service: name of the service that can do the work.
        pattern: which paths.
        methods: which methods; GET brings HEAD with it.
        timeout: from the end of the request to the head of the service's answer.
        max_body_bytes: larger bodies are refused on both sides; None for no limit.
        is_idempotent: doing it twice does no harm, so legacy may repeat it when the service fails.
        has_legacy: False for a route that was born in the service.
        targets: what the seam has to prove before it goes forward.
        gates: steps that somebody approves before `rollout SEAM auto` goes there.
        compare_percent: share of the work that is compared in canary and live; in shadow the rollout says it.
        rules: for comparing both sides, as texts.
    """

    name: str
    service: str
    pattern: PathPattern
    methods: frozenset[str]
    timeout: timedelta = DEFAULT_TIMEOUT
    max_body_bytes: int | None = None
    is_idempotent: bool = False
    has_legacy: bool = True
    targets: Targets = field(default_factory=Targets)
    gates: tuple[Step, ...] = ()
    compare_percent: Decimal = Decimal(0)
    rules: tuple[str, ...] = ()
    kind: ClassVar[str] = "route"

    @property
    def path(self) -> str:
        """The pattern as written."""
        return self.pattern.text

    @property
    def place(self) -> str:
        """Methods and path."""
        return f"{' '.join(sorted(self.methods - {'HEAD'}))} {self.path}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A seam that is a Python callable or a Celery task of the monolith.

    Args:
        name: name of the seam, `email.welcome`.
        service: name of the service that can do the work.
        task: name of the Celery task in the service.
        queue: queue that the service's workers read.
        aliases: older names of the task, which the service answers to as well.
        home: queue of the monolith's own workers, for messages that do not name it themselves; empty for none.
        drain: how long after a change of the rollout messages may still come under the older names.
        targets: what the seam has to prove before it goes forward.
        gates: steps that somebody approves before `rollout SEAM auto` goes there.
        compare_percent: share of the work that is compared in canary and live; in shadow the rollout says it.
        rules: for comparing both sides, as texts.
    """

    name: str
    service: str
    task: str
    queue: str
    aliases: tuple[str, ...] = ()
    home: str = ""
    drain: timedelta = DEFAULT_DRAIN
    targets: Targets = field(default_factory=Targets)
    gates: tuple[Step, ...] = ()
    compare_percent: Decimal = Decimal(0)
    rules: tuple[str, ...] = ()
    kind: ClassVar[str] = "call"
    has_legacy: ClassVar[bool] = (
        True  # what was never in the monolith is sent to the service's outbox at once
    )

    @property
    def place(self) -> str:
        """Name of the service's task."""
        return self.task

    @property
    def tasks(self) -> tuple[str, ...]:
        """All names under which the service's task is known."""
        return (self.task, *self.aliases)


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A seam that is a callable of the monolith whose answer is waited for: it reads, and writes nothing.

    Nobody compares both sides, so it goes forward when somebody insists (`--force`), or with the switch of a move (`--live`).

    Args:
        name: name of the seam, `catalog.products`.
        service: name of the service that can answer.
        targets: see `Seam`; what a live seam is held to.
        gates: see `Seam`.
        compare_percent: see `Seam`; always 0.
        rules: see `Seam`; always empty.
    """

    name: str
    service: str
    targets: Targets = field(default_factory=Targets)
    gates: tuple[Step, ...] = ()
    compare_percent: Decimal = Decimal(0)
    rules: tuple[str, ...] = ()
    kind: ClassVar[str] = "question"
    has_legacy: ClassVar[bool] = True

    @property
    def place(self) -> str:
        """That the service is asked."""
        return f"asks {self.service}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Monolith:
    """The Django project being strangled; *processes* maps a name to a command line, in order.

    Its *residency* says where its own data is kept, and what holds for everybody's.
    """

    settings: str = ""
    processes: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    residency: Residency = field(default_factory=Residency)


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """One extracted deployment.

    Args:
        name: lower case, as in `IMAGES_URL`.
        settings: module of its Django settings.
        title: for people.
        owns: labels of the models whose tables are its own.
        processes: name → command line, in order.
        routes: its seams that are URLs.
        calls: its seams that are callables and Celery tasks.
        questions: its seams that are callables whose answer is waited for.
        url_variable: the environment variable that says where it listens; `<NAME>_URL` if empty.
        move_tables: table of the monolith → table of the service that it moves into; empty: those of `owns`.
        move_replicas: aliases of the source's replicas, for which a throttled move waits.
        session_cookie: cookie of its own sessions, where people log in at this service; empty where they do not.
        cookies: names of further cookies that it may see.
        residency: where its data is kept.
    """

    name: str
    settings: str
    title: str = ""
    owns: tuple[str, ...] = ()
    processes: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    routes: tuple[Route, ...] = ()
    calls: tuple[Call, ...] = ()
    questions: tuple[Question, ...] = ()
    url_variable: str = ""
    move_tables: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    move_replicas: tuple[str, ...] = ()
    session_cookie: str = ""
    cookies: tuple[str, ...] = ()
    residency: Residency = field(default_factory=Residency)

    def __post_init__(self) -> None:
        """Derive the variable from the name, unless it was given one."""
        object.__setattr__(self, "url_variable", self.url_variable or f"{self.name.upper()}_URL")

    @property
    def can_move(self) -> bool:
        """Whether there are tables that could move to it."""
        return bool(self.move_tables or self.owns)

    @property
    def kept_cookies(self) -> frozenset[str]:
        """Names of the client's cookies that reach it, besides the one of the CSRF token."""
        return frozenset(filter(None, (self.session_cookie, *self.cookies)))

    @property
    def database_variable(self) -> str:
        """The environment variable that names its database."""
        return f"{self.name.upper()}_DATABASE_URL"


def is_seam_name(text: str) -> bool:
    """Whether *text* can name a seam: lower-case words joined by dots, at least two."""
    return _SEAM_NAME.fullmatch(text) is not None


def is_cookie_name(text: str) -> bool:
    """Whether *text* can name a cookie: a token of RFC 6265."""
    return _COOKIE_NAME.fullmatch(text) is not None


def is_task_name(text: str) -> bool:
    """Whether *text* can name a Celery task or a queue: no white space, no separators of our headers."""
    return _TASK_NAME.fullmatch(text) is not None


def is_service_name(text: str) -> bool:
    """Whether *text* can name a service: one lower-case word that `strangler up` does not use itself."""
    return _SERVICE_NAME.fullmatch(text) is not None and text not in RESERVED_NAMES


def is_url_variable(text: str) -> bool:
    """Whether *text* can be the variable that says where a service listens."""
    return _VARIABLE_NAME.fullmatch(text) is not None and text not in RESERVED_VARIABLES
