"""Where a message of the monolith's outbox goes when the tables that it is about have changed their owner since it was written.

Note [Decided when it is published]: a message says where it goes when it is written. Until it is published its tables can
change hands. So the relay asks for each message of a call whose service has taken part in a move, as
`handing` does for work that met a fence: by the rollouts and the owner as they are now. A message for the service, of a seam
that is legacy again while the monolith owns the tables, goes to the monolith's workers; one for these, whose seam
is the service's by now or that nothing here could do, goes to the service. All others keep their address: the service's own
fence refuses what should not have come, and its worker hands it back.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from strangler.calls.deciding import decide_call
from strangler.calls.homes import home_header, home_of
from strangler.calls.loading import load_seams
from strangler.conf import config
from strangler.core.carried import DECISION
from strangler.core.decision import Decision, Reason, Side
from strangler.core.messages import HEADER_PREFIX
from strangler.core.origin import plain, read_decision, read_headers, within
from strangler.errors import MessageError
from strangler.isolation import snapshot
from strangler.outbox.wire import own_headers, with_headers
from strangler.tokens import MONOLITH

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from strangler.core.seams import Call
    from strangler.outbox.wire import Row

_DECISION = HEADER_PREFIX + DECISION
_loaded: list[bool] = []


def readdress(rows: Sequence[Row]) -> Sequence[Row]:
    """Return those of *rows* that go elsewhere by now, with their new queue and decision. See Note [Decided when it is published].

    Touches no database, and costs a look-up a row where no move has begun.
    """
    snapshot.is_turning()  # this process follows from now on
    owners = snapshot.latest()
    if not owners.moved:
        return ()
    holders = {name: owners.holder_of(name) for name in config().topology.services}
    calls = [call for call in config().topology.calls if holders[call.service]]
    if not calls:
        return ()
    _load_once()
    by_task: dict[str, list[Call]] = {}
    for call in calls:
        for task in call.tasks:
            by_task.setdefault(task, []).append(call)
    found = [_readdressed(row, by_task[row.type], holders) for row in rows if row.type in by_task]
    return [row for row in found if row is not None]


def _readdressed(row: Row, calls: Sequence[Call], holders: Mapping[str, str]) -> Row | None:
    try:
        headers = own_headers(row)
    except MessageError:
        return None  # whoever publishes it parks it
    call = _choose(calls, headers)
    home = home_of(call) if call else ""
    if call is None or not home or row.queue not in {home, call.queue}:
        return None
    decision = _decide(call, holders[call.service], headers, key=str(row.message_id))
    queue = call.queue if decision.side is Side.SERVICE else home
    if queue == row.queue:
        return None
    own = {HEADER_PREFIX + name: value for name, value in home_header(call).items()}
    return with_headers(row, {**headers, **own, _DECISION: str(decision)})._replace(queue=queue)


def _choose(calls: Sequence[Call], headers: Mapping[str, object]) -> Call | None:
    """Return the call that a message belongs to; several may share a task, so the decision tells."""
    decision = read_decision(plain(headers.get(_DECISION)))
    if decision is None:
        return calls[0] if len(calls) == 1 else None
    return next((call for call in calls if call.name == decision.seam), None)


def _decide(call: Call, holder: str, headers: Mapping[str, object], *, key: str) -> Decision:
    """Return the side by the rollout as it is now; the service's, too, where nothing else leads to the new owner."""
    origin, facts = read_headers(headers)
    with within(origin, facts=facts):
        decision = decide_call(call.name, key=lambda: key)
    is_cut_off = holder == call.service and holder not in config().service_databases
    if decision.side is Side.SERVICE or is_cut_off:
        return Decision(seam=call.name, side=Side.SERVICE, reason=Reason.MOVED)
    if holder == MONOLITH:
        return Decision(seam=call.name, side=Side.LEGACY, reason=Reason.MOVED)
    before = read_decision(plain(headers.get(_DECISION)))
    return before or decision


def _load_once() -> None:
    if not _loaded:
        load_seams()
        _loaded.append(True)
