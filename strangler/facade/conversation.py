"""The whole course of a request to a matched route, without any I/O.

`Course.run` is a generator: it yields what is to be done (`Identify`, `Exchange`, `Discard`), is sent the result, and
returns an ending (`UseLegacy`, `Deliver`, `Refuse`). The WSGI and ASGI adapters only carry these out, so that no
rule exists twice.
"""

from __future__ import annotations

import logging
from collections.abc import Generator
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from django.conf import settings

from strangler import rollout, tokens
from strangler.conf import config
from strangler.core.decision import Decision, Reason, Side
from strangler.core.handed import MOVED
from strangler.errors import ConfigurationError
from strangler.facade import answers, policy
from strangler.facade.framing import BadFramingError
from strangler.facade.headers import Crossing, request_fields, response_fields
from strangler.facade.identity import Identity, has_session
from strangler.facade.intake import ClientFault
from strangler.facade.policy import Cause, Failure
from strangler.facade.refence import keeps_body
from strangler.facade.target import request_target
from strangler.facade.watch import begin_watch
from strangler.replicas.carrying import cookie_name

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import timedelta

    from strangler.breaker import Breaker
    from strangler.facade.answers import Refusal
    from strangler.facade.door import Door
    from strangler.facade.framing import Framing
    from strangler.facade.request import Fields
    from strangler.facade.visit import Visit
    from strangler.facade.watch import Watch
    from strangler.rollout import Snapshot

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Identify:
    """Find out who is logged in. Sent back: an Identity, or a Failure."""

    cookies: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """A request to a service.

    Args:
        method: upper case.
        service_url: base URL of the service.
        target: origin-form, with the query.
        fields: without those that frame the body.
        framing: extent of the body.
        timeout: from connecting, and again from the end of the body, to the head of the answer.
        is_repeatable: doing it twice does no harm.
    """

    method: str
    service_url: str
    target: str
    fields: Fields
    framing: Framing
    timeout: timedelta
    is_repeatable: bool


@dataclass(frozen=True, slots=True)
class Exchange:
    """Send a request. Sent back: a Reply, a Failure, or a ClientFault; *is_fresh* asks for a new connection."""

    outgoing: Outgoing
    is_fresh: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """An answer of a service; *body* is the adapter's: bytes, or something that streams."""

    status: int
    reason: str = ""
    fields: Fields = field(default_factory=list)
    body: Any = b""


@dataclass(frozen=True, slots=True)
class Discard:
    """Let go of a reply that nobody will read. Sent back: None."""

    reply: Reply


@dataclass(frozen=True, slots=True, kw_only=True)
class UseLegacy:
    """Let the inner application answer; *fallback* says why, where the service should have."""

    decision: Decision
    framing: Framing
    fallback: str = ""

    def needs_body(self, *, limit: int | None) -> bool:
        """Whether the facade must give legacy the body: part of it may be read, or only counting it limits it."""
        is_uncounted = self.framing.length is None and limit is not None
        return self.framing.has_body and (bool(self.fallback) or is_uncounted)


@dataclass(frozen=True, slots=True)
class Deliver:
    """Give the client the service's *reply* with these *fields*."""

    reply: Reply
    fields: Fields


@dataclass(frozen=True, slots=True)
class Refuse:
    """Give the client the facade's own answer."""

    refusal: Refusal


Step = Identify | Exchange | Discard
Ending = UseLegacy | Deliver | Refuse
Conversation = Generator[Step, Any, Ending]


class Course:
    """One request on its way: `settle` where nothing needs to be asked, else the steps of `run`.

    Args:
        door: what the process keeps.
        visit: the request.
        snapshot: where the seams stand.
    """

    def __init__(self, door: Door, visit: Visit, snapshot: Snapshot) -> None:
        self.door = door
        self.visit = visit
        self._stands = snapshot.get(visit.route.name)
        self.identity: Identity | None = None
        self.service_url = ""
        self.decision: Decision
        self._is_decided = False
        self._was_asked = False  # who is logged in, for an override of staff
        self.framing: Framing
        self._watch: Watch | None = None
        self._is_drawn = False

    @cached_property
    def is_kept(self) -> bool:
        """Whether the body is kept, so that the request can be done on the other side: by its route, or since tables may move."""
        framing = getattr(self, "framing", None)
        if policy.may_repeat(self.visit.route, self.visit.incoming):
            return True
        return framing is not None and keeps_body(framing)

    def watch(self) -> Watch | None:
        """Return what notes this request while its side answers, if it is one of those that are compared."""
        if not self._is_drawn:
            self._is_drawn = True
            self._watch = begin_watch(self.visit, self._stands, side=self.decision.side, framing=self.framing)
        return self._watch

    def unwatch(self) -> None:
        """Note nothing of a request whose side did not answer."""
        if self._watch is not None:
            self._watch.abandon()
            self._watch = None

    def settle(self) -> UseLegacy | Refuse | None:
        """Decide, and return the ending if that is all: legacy's work, a refusal. None: `run` goes on."""
        if self.visit.needs_staff_check and not self._was_asked and has_session(self.visit.incoming):
            return None
        self._decide()
        refusal = self._examine()
        if refusal is not None:
            self.door.tally(self.decision, rollout.Outcome.REFUSED)
            return Refuse(refusal)
        if self.decision.side is Side.LEGACY:
            return UseLegacy(decision=self.decision, framing=self.framing)
        told = self.visit.told
        if told is not None and policy.may_fall_back(self.visit.route, self.visit.incoming, told):
            return self._fall_back(told)  # how long the service took, only the gateway knows
        return None

    def run(self) -> Conversation:
        """Yield what is to be done for a visit that `settle` did not end, and return how it ends."""
        if not self._is_decided:
            self._was_asked = True
            yield from self._identify()
            ending = self.settle()
            if ending is not None:
                return ending
        outcome = yield from self._ask_service()
        if isinstance(outcome, Failure):
            return self._after_failure(outcome)
        if isinstance(outcome, ClientFault):
            return self._after_fault(outcome)
        return (yield from self._after_reply(outcome))

    def hand_over(self, framing: Framing) -> Conversation:
        """Return the steps of a request that legacy began, and whose tables the service owns by now."""
        self.framing, self._is_decided = framing, True
        self.decision = Decision(seam=self.visit.route.name, side=Side.SERVICE, reason=Reason.MOVED)
        return self.run()

    def _identify(self) -> Generator[Step, Any, Failure | None]:
        if self.identity is None and has_session(self.visit.incoming):
            found = yield Identify(self.visit.incoming.cookies())
            if isinstance(found, Failure):
                return found
            self.identity = found
        return None

    def _decide(self) -> None:
        is_staff = self.identity is not None and self.identity.is_staff
        self.decision = self.visit.decide(self._stands, is_staff=is_staff)
        self._is_decided = True
        if self.visit.has_bad_wish:
            logger.warning("%s: an override was ignored: forged or over", self.visit.route.name)
            self.door.tally_bad_override(self.decision)

    def _examine(self) -> Refusal | None:
        incoming, limit = self.visit.incoming, self.visit.route.max_body_bytes
        try:
            self.framing = incoming.framing()
        except BadFramingError as error:
            return answers.bad_request(incoming, message=str(error))
        if self.framing.length is None and not incoming.can_stream and self.decision.side is Side.SERVICE:
            return answers.length_required(incoming)
        if limit is not None and (self.framing.length or 0) > limit:
            return answers.too_large(incoming, limit=limit)
        return None

    def _ask_service(self) -> Generator[Step, Any, Reply | Failure | ClientFault]:
        breaker = self.door.breaker(self.visit.route.service)
        if not breaker.admit():
            return Failure(cause=Cause.BREAKER, is_sent=False)
        try:
            outcome = yield from self._exchange()
        except BaseException:
            breaker.release()
            raise
        _record(breaker, outcome)
        return outcome

    def _exchange(self) -> Generator[Step, Any, Reply | Failure | ClientFault]:
        failure = yield from self._identify()
        if failure is not None:
            return failure
        try:
            outgoing = self._outgoing()
        except ConfigurationError as error:  # the site stays up; the system check says it at start
            return Failure(cause=Cause.CONNECT, is_sent=False, detail=str(error))
        outcome: Reply | Failure | ClientFault = yield Exchange(outgoing)
        if isinstance(outcome, Failure) and outcome.is_stale and outgoing.is_repeatable:
            outcome = yield Exchange(outgoing, is_fresh=True)
        return outcome

    def _outgoing(self) -> Outgoing:
        visit, incoming, route = self.visit, self.visit.incoming, self.visit.route
        url = self.service_url = config().service_url(route.service)
        crossing = Crossing(
            is_behind_proxy=config().is_behind_proxy,
            kept_cookies=config().topology.services[route.service].kept_cookies
            | {settings.CSRF_COOKIE_NAME, cookie_name(route.service)},
            ours=self._our_fields(),
        )
        return Outgoing(
            method=incoming.method,
            service_url=url,
            target=request_target(
                incoming.path, raw_path=incoming.raw_path, query=incoming.query, base=urlsplit(url).path
            ),
            fields=request_fields(incoming, crossing),
            framing=self.framing,
            timeout=route.timeout,
            is_repeatable=policy.may_repeat(route, visit.incoming),
        )

    def _our_fields(self) -> Fields:
        fields = [
            ("Strangler-Request-Id", self.visit.request_id),
            ("Strangler-Decision", str(self.decision)),
        ]
        principal = self.identity.principal if self.identity is not None else None
        if principal is not None:
            token = tokens.sign_principal(principal, audience=self.visit.route.service)
            fields.append((tokens.PRINCIPAL_HEADER, token))
        return fields

    def _after_reply(self, reply: Reply) -> Generator[Step, Any, Ending]:
        if reply.status >= policy.FIRST_SERVER_ERROR:
            failure = Failure(cause=Cause.STATUS, status=reply.status)
            if _has_moved(reply) and self.is_kept:
                failure = Failure(cause=Cause.MOVED, is_sent=False)  # nothing was done
            if policy.may_fall_back(self.visit.route, self.visit.incoming, failure):
                yield Discard(reply)
                return self._fall_back(failure, took=self.visit.took())
        self.door.tally_status(self.decision, reply.status, took=self.visit.took())
        return Deliver(reply, self._reply_fields(reply))

    def _reply_fields(self, reply: Reply) -> Fields:
        incoming = self.visit.incoming
        fields = response_fields(
            reply.fields,
            status=reply.status,
            service_url=self.service_url,
            scheme=incoming.scheme,
            host=incoming.host,
            is_personal=self.visit.route.has_legacy or self.identity is not None,
        )
        renewed = self.identity.fields if self.identity is not None else []
        return [*fields, *renewed, *self.visit.answer_fields(side=Side.SERVICE)]

    def _after_failure(self, failure: Failure) -> Ending:
        if policy.may_fall_back(self.visit.route, self.visit.incoming, failure):
            return self._fall_back(failure, took=self._took(failure))
        self._log(failure, "refused")
        self.door.tally(self.decision, rollout.Outcome.FAILED, took=self._took(failure))
        refusal = answers.unavailable(
            self.visit.incoming,
            failure,
            request_id=self.visit.request_id,
            retry_after=config().breaker_reset,
        )
        return Refuse(refusal)

    def _fall_back(self, failure: Failure, *, took: timedelta | None = None) -> UseLegacy:
        self._log(failure, "legacy answers")
        self.door.tally(self.decision, rollout.Outcome.FALLBACK, took=took)
        decision = Decision(seam=self.decision.seam, side=Side.LEGACY, reason=Reason.FALLBACK)
        return UseLegacy(decision=decision, framing=self.framing, fallback=failure.reason)

    def _took(self, failure: Failure) -> timedelta | None:
        """Return how long a failing service took; one that was never asked took no time."""
        return self.visit.took() if failure.is_sent else None

    def _after_fault(self, fault: ClientFault) -> Refuse:
        self.door.tally(self.decision, rollout.Outcome.REFUSED)
        return Refuse(answers.for_fault(self.visit.incoming, fault, limit=self.visit.route.max_body_bytes))

    def _log(self, failure: Failure, what: str) -> None:
        # An open breaker was reported when it opened; a line per request would only fill the log.
        level = logging.DEBUG if failure.cause is Cause.BREAKER else logging.WARNING
        seam, number = self.visit.route.name, self.visit.request_id
        logger.log(level, "%s: %s (%s) %s, request %s", seam, failure.reason, failure.detail, what, number)


def _has_moved(reply: Reply) -> bool:
    """Whether a service says that it did nothing, since the tables are the monolith's by now."""
    return any(name.lower() == MOVED.lower() for name, _ in reply.fields)


def _record(breaker: Breaker, outcome: Reply | Failure | ClientFault) -> None:
    if isinstance(outcome, Reply) and outcome.status >= policy.FIRST_SERVER_ERROR and not _has_moved(outcome):
        outcome = Failure(cause=Cause.STATUS, status=outcome.status)
        if not policy.counts_against_service(outcome):
            breaker.succeeded()  # it is there and answers: this request only went wrong
            return
    if isinstance(outcome, Reply):
        breaker.succeeded()
    elif isinstance(outcome, Failure) and policy.counts_against_service(outcome):
        breaker.failed()
    else:
        breaker.release()
