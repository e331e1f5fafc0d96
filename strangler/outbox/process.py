"""Run a relay as a process of its own: signals, the bell, the broker."""

from __future__ import annotations

import signal
import threading
from typing import TYPE_CHECKING

from strangler.conf import config
from strangler.outbox.publishers import open_publisher
from strangler.outbox.relay import Relay, RelayOptions, RelayReport
from strangler.outbox.wake import Bell

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import timedelta

    from strangler.outbox.relay import Readdress


def run_relay(
    alias: str,
    *,
    once: bool = False,
    lease: timedelta | None = None,
    batch: int | None = None,
    readdress: Readdress | None = None,
    on_start: Callable[[str], None] = lambda _broker: None,
) -> RelayReport:
    """Publish the messages of database *alias* until SIGTERM or SIGINT, or until none is left.

    Args:
        once: return as soon as nothing is available.
        lease, batch: instead of the configured ones.
        readdress: tells which rows go elsewhere by now; see `Relay`.
        on_start: is told the broker's address before anything is published.
    Returns: what was done.
    Raises:
        ConfigurationError, MissingExtraError: there is no such broker.
        BrokerUnavailable, DatabaseError: only with *once*; otherwise the relay waits and tries again.
    """
    bell = Bell(host=config().relay_host)
    publisher = open_publisher(config().broker_url, timeout=config().broker_timeout)
    options = RelayOptions(
        lease=lease or config().outbox_lease,
        batch=batch or config().outbox_batch,
        retention=config().outbox_retention,
    )
    others = {"readdress": readdress} if readdress else {}
    relay = Relay(alias, publisher=publisher, bell=bell, options=options, **others)
    on_start(publisher.name)
    try:
        if once:
            relay.drain()
        else:
            _stop_on_signals(relay)
            relay.run()
    finally:
        bell.close()
    return relay.report


def _stop_on_signals(relay: Relay) -> None:
    """End after the batch at hand when the process is asked to."""
    if threading.current_thread() is not threading.main_thread():
        return  # only the main thread may ask for signals; whoever runs relays in threads calls `stop`
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: relay.stop())
