"""How many messages are where, for the top of the list."""

from dataclasses import dataclass

from django.db.models import Count

from extracted.email.models import Message
from extracted.email.states import State


@dataclass(frozen=True, slots=True, kw_only=True)
class StateCount:
    """A state and how many messages are in it; *count* is None where counting would read the whole table."""

    state: State
    count: int | None


def counts() -> list[StateCount]:
    """Count the states that should be small; what is finished as it should be is not counted."""
    worth = [state for state in State if state is not State.SENT]
    found = dict(
        Message.objects.filter(state__in=worth).values_list("state").annotate(number=Count("pk")).order_by()
    )
    return [
        StateCount(state=state, count=None if state is State.SENT else found.get(state, 0)) for state in State
    ]
