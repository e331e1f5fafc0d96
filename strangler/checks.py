"""System checks: what would fail at the first request fails at start-up, with a hint.

strangler.E001  a key of settings.STRANGLER is unknown or wrong
strangler.E002  the topology file is missing or wrong
strangler.E003  a service of the topology has no URL
strangler.E004  the signing keys are missing or too short
strangler.E005  CSRF tokens live in the session, which a service can't see
strangler.E006  a seam of the code is no call of the topology
strangler.E007  the sandbox is not the first middleware
strangler.E008  the path of SHADOW_FOLDER is too long for a socket
strangler.E050  the isolation guard is on, and sqlglot is not installed
strangler.E051  SERVICE_DATABASES names a service or an alias that does not exist
strangler.W052  SERVICE_DATABASES is set, and its router is not installed
strangler.W053  a key crosses the border of a service with a rule of Django's for deletions
strangler.E080  a replica is no database of the settings, or of an engine that tells no positions
strangler.E081  replicas without the router or the middleware that they need
strangler.E082  personal data of a service would leave the allowed regions
strangler.E090  people may log in at a service, and this side of the bridge is missing
"""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING

from django.apps import apps
from django.conf import settings
from django.core.checks import CheckMessage, Error
from django.core.checks import Warning as CheckWarning
from django.db import models

from strangler.calls.declarations import declared
from strangler.conf import Config, Isolation, config
from strangler.core.residency import find_violations
from strangler.errors import ConfigurationError, did_you_mean
from strangler.isolation import ROUTER, loose
from strangler.isolation.ownership import from_topology
from strangler.isolation.statements import can_parse
from strangler.shadow import folder
from strangler.tokens import MONOLITH

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

SANDBOX = "strangler.service.sandbox.SandboxMiddleware"
REPLICA_ROUTER = "strangler.replicas.ReplicaRouter"
POSITIONS = "strangler.replicas.PositionMiddleware"
SESSIONS = "django.contrib.sessions.middleware.SessionMiddleware"
ENGINES_WITH_POSITIONS = ("mysql", "postgresql", "postgis")
LOGINS = "strangler.bridge.middleware.LoginMiddleware"
_ACROSS = (models.DO_NOTHING,)
_LOOSE = (loose.CASCADE, loose.SET_NULL, loose.PROTECT)
AUTHENTICATION = "django.contrib.auth.middleware.AuthenticationMiddleware"


def _of_configuration(check: Callable[[Config], list[CheckMessage]]) -> Callable[..., list[CheckMessage]]:
    """Make a system check that finds nothing while the configuration is wrong: `check_configuration` reports that."""

    @wraps(check)
    def run(**_: Any) -> list[CheckMessage]:
        try:
            read = config()
        except ConfigurationError:
            return []
        return check(read)

    del run.__wrapped__  # Django asks for the signature, and there it would find that of *check*
    return run


def check_configuration(**_: Any) -> list[CheckMessage]:
    """Report what `config()` refuses (E001, E002, E004)."""
    try:
        config()
    except ConfigurationError as error:
        return [_as_message(error)]
    return []


def check_service_urls(**_: Any) -> list[CheckMessage]:
    """Report each service that has routes and no usable URL (E003)."""
    found: list[CheckMessage] = []
    for service in _topology_services():
        try:
            config().service_url(service)
        except ConfigurationError as error:
            found.append(_as_message(error))
    return found


def check_signing_keys(**_: Any) -> list[CheckMessage]:
    """Report a topology with routes but without keys to sign principals with (E004)."""
    if not _topology_services() or config().signing_keys:
        return []
    hint = 'Set STRANGLER["SIGNING_KEYS"], the same in the monolith and in every service.'
    return [Error("There are no signing keys.", hint=hint, id="strangler.E004")]


def check_csrf(**_: Any) -> list[CheckMessage]:
    """Report CSRF tokens in the session: the service checks the cookie, never the session (E005)."""
    if not _topology_services() or not settings.CSRF_USE_SESSIONS:
        return []
    hint = "Set CSRF_USE_SESSIONS = False; a token in a cookie protects just as well."
    return [
        Error("Services can't check CSRF tokens that live in the session.", hint=hint, id="strangler.E005")
    ]


@_of_configuration
def check_calls(read: Config) -> list[CheckMessage]:
    """Report each `@seam` that the topology lacks beside others: it would stay in the process for ever (E006)."""
    known = [call.name for call in read.topology.calls]
    return [
        Error(
            f"@seam({each.name!r}) on {each.place or 'a Celery task'} is no call of the topology.",
            hint=f"Add it under [[services.NAME.calls]].{did_you_mean(each.name, known)}",
            id="strangler.E006",
        )
        for each in declared()
        if known and each.name not in known
    ]


def check_sandbox(**_: Any) -> list[CheckMessage]:
    """Report a sandbox behind another middleware, whose effects it would not hold (E007)."""
    if SANDBOX not in settings.MIDDLEWARE[1:]:
        return []
    hint = f"Put {SANDBOX!r} at the beginning of MIDDLEWARE."
    return [Error("The sandbox is not the first middleware.", hint=hint, id="strangler.E007")]


@_of_configuration
def check_shadow_folder(read: Config) -> list[CheckMessage]:
    """Report a folder for the sockets of shadow workers whose path is too long (E008)."""
    if read.shadow_folder is None or not folder.is_too_long(read.shadow_folder):
        return []
    hint = f"Choose one whose path has fewer than {folder.LONGEST_PATH - folder.NAME_LENGTH} bytes."
    return [Error(f"No socket can lie in {read.shadow_folder}.", hint=hint, id="strangler.E008")]


@_of_configuration
def check_isolation(read: Config) -> list[CheckMessage]:
    """Report a guard that can't read statements (E050) and databases of services that do not exist (E051)."""
    found: list[CheckMessage] = []
    if read.isolation is not Isolation.OFF and not can_parse():
        hint = "Install it with: pip install 'django-strangler[isolation]'"
        found.append(Error("The isolation guard needs sqlglot.", hint=hint, id="strangler.E050"))
    for service, alias in read.service_databases.items():
        if service not in read.topology.services or alias not in settings.DATABASES:
            message = f"SERVICE_DATABASES leads from service {service!r} to database {alias!r}; one of them is unknown."
            hint = "Name a service of the topology and an alias of DATABASES."
            found.append(Error(message, hint=hint, id="strangler.E051"))
    if read.service_databases and ROUTER not in settings.DATABASE_ROUTERS:
        hint = f"Add {ROUTER!r} to DATABASE_ROUTERS."
        found.append(
            CheckWarning("SERVICE_DATABASES does nothing without its router.", hint=hint, id="strangler.W052")
        )
    return found


@_of_configuration
def check_loose_keys(read: Config) -> list[CheckMessage]:
    """Report each key across a border whose `on_delete` Django would carry out in the wrong database (W053)."""
    if read.service or not read.topology.services:
        return []
    return [
        CheckWarning(
            f"{key.model._meta.label}.{key.name} leads from tables of {here} to those of {there}, "
            "and its on_delete is carried out in one database only.",
            hint="Use DO_NOTHING, and take a missing row for a removed one."
            if here == MONOLITH
            else "Use CASCADE, SET_NULL or PROTECT of strangler.isolation.loose.",
            id="strangler.W053",
        )
        for key, here, there in _crossing_keys()
        if key.remote_field.on_delete not in (_ACROSS if here == MONOLITH else (*_ACROSS, *_LOOSE))
    ]


def _crossing_keys() -> Iterator[tuple[models.ForeignKey[Any, Any], str, str]]:
    owners = from_topology()
    for model in apps.get_models(include_auto_created=True):
        here = owners.service_of(model._meta.db_table)
        for each in model._meta.local_fields:
            if isinstance(each, models.ForeignKey):
                there = owners.service_of(each.remote_field.model._meta.db_table)
                if here != there:
                    yield each, here, there


@_of_configuration
def check_replicas(read: Config) -> list[CheckMessage]:
    """Report replicas that do not exist or tell no position (E080), and what reading from them lacks (E081)."""
    aliases = [alias for primary, replicas in read.replicas.items() for alias in (primary, *replicas)]
    found = [message for alias in aliases for message in _check_alias(alias)]
    return [*found, *_check_way_to_replicas()] if read.replicas else []


def _check_alias(alias: str) -> list[CheckMessage]:
    if alias not in settings.DATABASES:
        hint = f"Add it to DATABASES, or correct its name.{did_you_mean(alias, settings.DATABASES)}"
        return [Error(f"REPLICAS names {alias!r}, which is no database.", hint=hint, id="strangler.E080")]
    engine = settings.DATABASES[alias]["ENGINE"]
    if engine.endswith(ENGINES_WITH_POSITIONS):
        return []
    message = f"REPLICAS names {alias!r}, whose engine {engine} tells no positions."
    hint = "Use MariaDB or PostgreSQL with replicas."
    return [Error(message, hint=hint, id="strangler.E080")]


def _check_way_to_replicas() -> list[CheckMessage]:
    found: list[CheckMessage] = []
    if REPLICA_ROUTER not in settings.DATABASE_ROUTERS[:1]:
        hint = f"Put {REPLICA_ROUTER!r} at the beginning of DATABASE_ROUTERS."
        found.append(Error("Nothing sends reads to the REPLICAS.", hint=hint, id="strangler.E081"))
    middleware = list(settings.MIDDLEWARE)
    before = middleware[: middleware.index(SESSIONS)] if SESSIONS in middleware else middleware
    if POSITIONS not in before:
        hint = f"Put {POSITIONS!r} into MIDDLEWARE, before the sessions and whatever else asks the database."
        found.append(Error("Visitors would not see what they wrote.", hint=hint, id="strangler.E081"))
    return found


@_of_configuration
def check_residency(read: Config) -> list[CheckMessage]:
    """Report each store in which personal data would be outside of the regions that it may be in (E082)."""
    hint = "Keep it in another region, or correct the topology's `residency`."
    return [Error(f"The {each}.", hint=hint, id="strangler.E082") for each in find_violations(read.topology)]


@_of_configuration
def check_bridge(read: Config) -> list[CheckMessage]:
    """Report a topology with a service to log in at, where the monolith could not know its logins (E090)."""
    login = read.topology.login
    if login is None:
        return []
    return [
        Error(f"People may log in at {login.name!r}, but {problem}.", hint=hint, id="strangler.E090")
        for problem, hint in _missing_of_bridge(login.session_cookie)
    ]


def _missing_of_bridge(cookie: str) -> Iterator[tuple[str, str]]:
    names = list(settings.MIDDLEWARE)
    if not apps.is_installed("strangler.bridge"):
        yield "strangler.bridge is not installed", 'Add "strangler.bridge" to INSTALLED_APPS, and migrate.'
    if LOGINS not in names or AUTHENTICATION not in names[: names.index(LOGINS)]:
        yield "nothing looks for their logins", f"Put {LOGINS!r} into MIDDLEWARE, after {AUTHENTICATION!r}."
    if cookie == settings.SESSION_COOKIE_NAME:
        hint = "Give the service another SESSION_COOKIE_NAME, and the topology its session_cookie."
        yield f"its session cookie has the name of the monolith's, {cookie!r}", hint


def _topology_services() -> list[str]:
    try:
        read: Config = config()
    except ConfigurationError:
        return []  # check_configuration reports it
    return [name for name, service in read.topology.services.items() if service.routes]


def _as_message(error: ConfigurationError) -> CheckMessage:
    return Error(error.message, hint=error.hint or None, id=error.check_id)
