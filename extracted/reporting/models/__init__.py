"""The tables of the service: the read model in `star`, and what people asked for in `runs`."""

from extracted.reporting.models.runs import UNFINISHED, Run, Schedule, State
from extracted.reporting.models.star import (
    Customer,
    Day,
    Feed,
    Gone,
    OrderFact,
    OrderItemFact,
    PhotoFact,
    Position,
    Product,
)

__all__ = [
    "UNFINISHED",
    "Customer",
    "Day",
    "Feed",
    "Gone",
    "OrderFact",
    "OrderItemFact",
    "PhotoFact",
    "Position",
    "Product",
    "Run",
    "Schedule",
    "State",
]
