"""Turn the document of a topology file into values, refusing what it does not know."""

from __future__ import annotations

import tomllib
from datetime import timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from strangler.core.gateway import parse_gateway
from strangler.core.ladder import LIVE, Step
from strangler.core.paths import PathPattern
from strangler.core.residency import STORES, Place, Residency
from strangler.core.seams import (
    DEFAULT_DRAIN,
    DEFAULT_TIMEOUT,
    METHODS,
    Call,
    Monolith,
    Question,
    Route,
    Service,
    is_cookie_name,
    is_seam_name,
    is_service_name,
    is_task_name,
    is_url_variable,
)
from strangler.core.stages import RolloutStage, parse_percent
from strangler.core.toml_table import Table as _Table
from strangler.core.toml_table import refuse_unknown as _refuse_unknown
from strangler.core.verdict import Targets
from strangler.errors import TopologyError, TransitionError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Mapping
    from decimal import Decimal
    from pathlib import Path

    from strangler.core.gateway import Gateway

    Parts = tuple[Monolith, Mapping[str, Service], Gateway]

_MONOLITH_KEYS = ("settings", "processes", "residency")
_SERVICE_KEYS = (
    *("title", "settings", "url_variable", "owns", "move", "processes", "session_cookie", "cookies"),
    *("routes", "calls", "questions", "residency"),
)
_MOVE_KEYS = ("tables", "replicas")
_RESIDENCY_RULES = ("allowed", "personal")
_RESIDENCY_KEYS = (*_RESIDENCY_RULES, *STORES, "region")
COMPARED_WITH_TARGETS = 5  # percent: who says what has to be proved wants it to stay true in canary and live
_PROOF_KEYS = ("targets", "gates", "compare_percent", "rules")
_ROUTE_KEYS = (
    *("name", "path", "methods", "timeout_seconds", "max_body_bytes", "idempotent", "legacy"),
    *_PROOF_KEYS,
)
_CALL_KEYS = ("name", "task", "queue", "aliases", "home", "drain_hours", *_PROOF_KEYS)
_QUESTION_KEYS = ("name", "targets")
_TARGET_KEYS = (
    *("parity", "min_comparisons", "min_shapes", "min_requests"),
    *("max_error_rate", "max_fallback_rate", "max_p99_ratio", "p99_slack_seconds"),
    *("dwell_minutes", "window_seconds"),
)


def read(path: Path) -> str:
    """Return the text of the file at *path*; raises TopologyError if it can't be read."""
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        hint = 'Create it, or point STRANGLER["TOPOLOGY"] at it.'
        raise TopologyError(f"can't be read ({error.strerror}).", where=str(path), hint=hint) from error
    except UnicodeDecodeError as error:
        raise _not_toml(error, path=path) from error


def parse_text(text: str, path: Path) -> Parts:
    """Return the monolith, the services and the gateway that the *text* of the file at *path* describes.

    Raises:
        TopologyError: names the file, the key and the nearest known key.
    """
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise _not_toml(error, path=path) from error
    return parse(document, where=path.name)


def _not_toml(error: ValueError, *, path: Path) -> TopologyError:
    return TopologyError(f"is not valid TOML: {error}.", where=str(path))


def parse(document: Mapping[str, Any], *, where: str) -> Parts:
    """Return the monolith, the services and the gateway of *document*; *where* is the file's name for messages.

    Raises:
        TopologyError: names the key that is wrong.
    """
    _refuse_unknown(document, known=("monolith", "services", "gateway"), where=where)
    table = _Table(document.get("monolith", {}), where=f"{where}: [monolith]", known=_MONOLITH_KEYS)
    monolith = Monolith(
        settings=table.text("settings", default=""),
        processes=table.processes(),
        residency=_parse_residency(table, rules=_RESIDENCY_RULES),
    )
    services = document.get("services", {})
    if not isinstance(services, dict):
        raise TopologyError("must be a table.", where=f"{where}: services", hint="Write [services.<name>].")
    parsed = {name: _parse_service(name, content, where=where) for name, content in services.items()}
    gateway = parse_gateway(document.get("gateway", {}), where=f"{where}: [gateway]")
    return monolith, MappingProxyType(parsed), gateway


def _parse_service(name: str, content: object, *, where: str) -> Service:
    place = f"{where}: [services.{name}]"
    if not is_service_name(name):
        raise TopologyError("can't be a service's name.", where=place, hint="Use one lower-case word.")
    table = _Table(content, where=place, known=_SERVICE_KEYS)
    routes = table.get("routes", list, default=[])
    calls = table.get("calls", list, default=[])
    questions = table.get("questions", list, default=[])
    return Service(
        name=name,
        settings=table.text("settings"),
        title=table.text("title", default=name),
        owns=table.texts("owns", default=[]),
        processes=table.processes(),
        routes=tuple(
            _parse_route(name, route, where=place, number=i) for i, route in enumerate(routes, start=1)
        ),
        calls=tuple(_parse_call(name, call, where=place, number=i) for i, call in enumerate(calls, start=1)),
        questions=tuple(
            _parse_question(name, each, where=place, number=i) for i, each in enumerate(questions, start=1)
        ),
        url_variable=_parse_url_variable(name, table),
        move_tables=_parse_move(table),
        move_replicas=_move_table(table).texts("replicas", default=[]),
        session_cookie=_parse_session_cookie(table),
        cookies=_parse_cookies(table, table.texts("cookies", default=[])),
        residency=_parse_residency(table),
    )


def _parse_move(service: _Table) -> Mapping[str, str]:
    """Return source table → target table; a list names tables that keep their names."""
    table = _move_table(service)
    where, tables = table.where, table.content.get("tables", {})
    pairs = {str(name): name for name in tables} if isinstance(tables, list) else tables
    if not isinstance(pairs, dict) or not all(isinstance(name, str) and name for name in pairs.values()):
        hint = 'Write tables = ["photos_photo"], or tables = { photos_photo = "images_photo" }.'
        raise TopologyError("tables must be a list or a table of names.", where=where, hint=hint)
    if len(set(pairs.values())) != len(pairs):
        raise TopologyError("two tables can't move into one.", where=where)
    return MappingProxyType(pairs)


def _move_table(service: _Table) -> _Table:
    where = f"{service.where.removesuffix(']')}.move]"
    return _Table(service.content.get("move", {}), where=where, known=_MOVE_KEYS)


def _parse_residency(owner: _Table, *, rules: tuple[str, ...] = ()) -> Residency:
    """Return where *owner* keeps its data; *rules* are the keys that only the monolith has."""
    where = f"{owner.where.removesuffix(']')}.residency]"
    table = _Table(owner.content.get("residency", {}), where=where, known=(*rules, *STORES))
    allowed, personal = table.texts("allowed", default=[]), table.texts("personal", default=[])
    if personal and not allowed:
        hint = 'Write allowed = ["eu"].'
        raise TopologyError("names personal data, and no region that it may be in.", where=where, hint=hint)
    places = {store: _parse_place(table, store) for store in STORES if store in table.content}
    return Residency(places=MappingProxyType(places), allowed=allowed, personal=personal)


def _parse_place(owner: _Table, store: str) -> Place:
    """Return where a store is, of a text or a table: "eu", or { region = "us", personal = false }."""
    content = owner.content[store]
    if isinstance(content, str):
        content = {"region": content}
    table = _Table(content, where=f"{owner.where} {store}", known=("region", "personal"))
    is_personal = table.get("personal", bool) if "personal" in table.content else None
    return Place(region=table.text("region"), is_personal=is_personal)


def _parse_url_variable(name: str, table: _Table) -> str:
    variable = table.text("url_variable", default=f"{name.upper()}_URL")
    if is_url_variable(variable):
        return variable
    raise TopologyError(
        f"url_variable can't be {variable!r}, which is taken or no name of a variable.",
        where=table.where,
        hint=f'Write url_variable = "{name.upper()}_SERVICE_URL".',
    )


def _parse_session_cookie(table: _Table) -> str:
    name = table.text("session_cookie", default="")
    return _parse_cookies(table, (name,))[0] if name else ""


def _parse_cookies(table: _Table, names: tuple[str, ...]) -> tuple[str, ...]:
    for name in names:
        if not is_cookie_name(name):
            raise TopologyError(f"{name!r} can't name a cookie.", where=table.where)
    return names


def _parse_seam(content: object, *, where: str, known: tuple[str, ...]) -> _Table:
    """Return the table of a seam whose name is good; later messages carry that name."""
    table = _Table(content, where=where, known=known)
    name = table.text("name")
    table.where = f"{where.rpartition(' ')[0]} {name!r}"
    if not is_seam_name(name):
        raise TopologyError("name must be like 'images.upload'.", where=table.where)
    return table


def _parse_route(service: str, content: object, *, where: str, number: int) -> Route:
    table = _parse_seam(content, where=f"{where} route {number}", known=_ROUTE_KEYS)
    return Route(
        name=table.text("name"),
        service=service,
        pattern=_parse_path(table),
        methods=_parse_methods(table),
        timeout=timedelta(seconds=table.positive("timeout_seconds", default=DEFAULT_TIMEOUT.total_seconds())),
        max_body_bytes=_parse_limit(table),
        is_idempotent=table.get("idempotent", bool, default=False),
        has_legacy=table.get("legacy", bool, default=True),
        **_parse_proof(table),
    )


def _parse_call(service: str, content: object, *, where: str, number: int) -> Call:
    table = _parse_seam(content, where=f"{where} call {number}", known=_CALL_KEYS)
    names = (table.text("task"), table.text("queue", default=service), *table.texts("aliases", default=[]))
    home = table.text("home", default="")
    for name in (*names, *filter(None, [home])):
        if not is_task_name(name):
            message = f"{name!r} can't name a task or queue: no spaces, commas or semicolons."
            raise TopologyError(message, where=table.where)
    task, queue, *aliases = names
    if len({task, *aliases}) <= len(aliases):
        raise TopologyError("names one task twice.", where=table.where, hint="Leave one of the names out.")
    hours = table.positive("drain_hours", default=DEFAULT_DRAIN.total_seconds() / 3600)
    return Call(
        name=table.text("name"),
        service=service,
        task=task,
        queue=queue,
        aliases=tuple(aliases),
        home=home,
        drain=timedelta(hours=hours),
        **_parse_proof(table),
    )


def _parse_question(service: str, content: object, *, where: str, number: int) -> Question:
    table = _parse_seam(content, where=f"{where} question {number}", known=_QUESTION_KEYS)
    targets = _parse_targets(table.get("targets", dict, default={}), where=f"{table.where} targets")
    return Question(name=table.text("name"), service=service, targets=targets)


def _parse_proof(table: _Table) -> dict[str, Any]:
    """Return what routes and calls have in common: how they prove that both sides do the same."""
    usual = COMPARED_WITH_TARGETS if "targets" in table.content else 0
    return {
        "targets": _parse_targets(table.get("targets", dict, default={}), where=f"{table.where} targets"),
        "gates": tuple(_parse_gate(gate, table) for gate in table.get("gates", list, default=[])),
        "compare_percent": _parse_percent(
            table.content.get("compare_percent", usual), "compare_percent", table
        ),
        "rules": table.texts("rules", default=[]),
    }


def _parse_targets(content: object, *, where: str) -> Targets:
    table = _Table(content, where=where, known=_TARGET_KEYS)
    usual = Targets()
    seconds = {
        "p99_slack_seconds": usual.p99_slack.total_seconds(),
        "window_seconds": usual.window.total_seconds(),
        "dwell_minutes": usual.dwell.total_seconds() / 60,
    }
    given = {key: table.not_negative(key, default=value) for key, value in seconds.items()}
    return Targets(
        parity=table.share("parity", default=usual.parity),
        min_comparisons=int(
            table.not_negative("min_comparisons", default=usual.min_comparisons, kinds=(int,))
        ),
        min_shapes=int(table.not_negative("min_shapes", default=usual.min_shapes, kinds=(int,))),
        min_requests=int(table.not_negative("min_requests", default=usual.min_requests, kinds=(int,))),
        max_error_rate=table.share("max_error_rate", default=usual.max_error_rate),
        max_fallback_rate=table.share("max_fallback_rate", default=usual.max_fallback_rate),
        max_p99_ratio=table.positive("max_p99_ratio", default=usual.max_p99_ratio),
        p99_slack=timedelta(seconds=given["p99_slack_seconds"]),
        dwell=timedelta(minutes=given["dwell_minutes"]),
        window=timedelta(seconds=table.positive("window_seconds", default=given["window_seconds"])),
    )


def _parse_gate(gate: object, table: _Table) -> Step:
    if gate == LIVE.stage.value:
        return LIVE
    return Step(stage=RolloutStage.CANARY, percent=_parse_percent(gate, "a gate", table))


def _parse_percent(value: object, what: str, table: _Table) -> Decimal:
    """Return a number of percent; TOML's float is taken as it is written, 0.1 is a tenth of a percent."""
    if type(value) in (int, float):
        try:
            return parse_percent(str(value), seam="")
        except TransitionError:
            pass
    hint = 'Write gates = [25, "live"].' if what == "a gate" else ""
    message = f"{what} must be 0 to 100 percent with at most two decimals, not {value!r}."
    raise TopologyError(message, where=table.where, hint=hint)


def _parse_path(table: _Table) -> PathPattern:
    try:
        return PathPattern.parse(table.text("path"))
    except ValueError as error:
        raise TopologyError(f"path {error}", where=table.where) from None


def _parse_methods(table: _Table) -> frozenset[str]:
    methods = table.texts("methods", default=["GET"])
    for method in methods:
        if method not in METHODS:
            hint = did_you_mean(method.upper(), METHODS).strip()
            raise TopologyError(f"there is no method {method!r}.", where=table.where, hint=hint)
    if not methods:
        raise TopologyError(
            "methods is empty.", where=table.where, hint='Name at least one: methods = ["GET"].'
        )
    return frozenset(methods) | ({"HEAD"} if "GET" in methods else set())


def _parse_limit(table: _Table) -> int | None:
    if "max_body_bytes" not in table.content:
        return None
    return int(table.positive("max_body_bytes", default=0, kinds=(int,)))
