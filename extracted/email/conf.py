"""Typed, frozen configuration of the service; the only reader of `settings.EMAIL`."""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from functools import cache
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.signals import setting_changed
from django.dispatch import receiver


class DoubtPolicy(StrEnum):
    """What to do with a message of which nobody knows whether the server took it."""

    RETRY = "retry"
    HOLD = "hold"


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """What `settings.EMAIL` says.

    Args:
        shop_name: what templates call `shop_name`.
        sender: address of the `From` header.
        message_id_domain: right half of every `Message-ID`.
        doubt_policy: retry (with the same `Message-ID`) or hold for a person.
        max_doubts: after so many attempts that ended in doubt the message is held, whatever the policy.
        first_wait: after the first temporary failure; doubles with each further one.
        longest_wait: where doubling ends.
        longest_outage_wait: where it ends when the server did not answer at all.
        give_up_after: a message that could not be delivered for so long has failed.
        soft_time_limit: for one attempt; after it the work is interrupted.
        kill_after: how much longer until its process is killed, and how much longer again until nobody waits for it.
        final_reply_timeout: how long to wait for the reply after DATA; every second less makes more doubts.
        resend_after: how long a message waits in the queue before its task is sent again.
        broker_timeout: the longest a person waits for a broker that does not answer.
        suppress_hard_bounces: whether an address that a server calls unknown for good is suppressed.
        retention: how long finished messages are kept.
        max_body_bytes: of one request to send.
        max_context_bytes: of its context, as JSON.
        max_recipients: of one message.
        max_content_bytes: of a rendered mail, text and HTML together.
        source_address: local address of SMTP connections; empty for the system's choice.
        tasks_url: RabbitMQ of the plain queue.
        tasks_queue: name of the plain queue.
        max_deliveries: how often a message of the plain queue may take its consumer down.
        login_url: where people who are not logged in are sent.
    """

    shop_name: str
    sender: str
    message_id_domain: str
    doubt_policy: DoubtPolicy
    max_doubts: int
    first_wait: timedelta
    longest_wait: timedelta
    longest_outage_wait: timedelta
    give_up_after: timedelta
    soft_time_limit: timedelta
    kill_after: timedelta
    final_reply_timeout: timedelta
    resend_after: timedelta
    broker_timeout: timedelta
    suppress_hard_bounces: bool
    retention: timedelta
    max_body_bytes: int
    max_context_bytes: int
    max_recipients: int
    max_content_bytes: int
    source_address: str
    tasks_url: str
    tasks_queue: str
    max_deliveries: int
    login_url: str

    @property
    def hard_time_limit(self) -> timedelta:
        """Return when a worker process that ignores the soft limit is killed."""
        return self.soft_time_limit + self.kill_after

    @property
    def lease(self) -> timedelta:
        """Return how long a message belongs to the worker that took it; longer than any attempt can last."""
        return self.hard_time_limit + self.kill_after


@cache
def config() -> Config:
    """Return the configuration of this process.

    Raises: ImproperlyConfigured: names the value.
    """
    raw: dict[str, Any] = {key.lower(): value for key, value in settings.EMAIL.items()}
    try:
        raw["doubt_policy"] = DoubtPolicy(raw["doubt_policy"])
    except ValueError:
        raise ImproperlyConfigured(
            f"EMAIL_UNKNOWN_POLICY must be retry or hold, not {raw['doubt_policy']!r}"
        ) from None
    return Config(**raw)


@receiver(setting_changed)
def _forget(*, setting: str, **_: object) -> None:
    if setting == "EMAIL":
        config.cache_clear()
