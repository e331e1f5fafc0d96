"""The command `consume_email_tasks`."""

import signal
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from extracted.email.conf import config
from extracted.email.plain_queue.consumer import Consumer


class Command(BaseCommand):
    """Take mail from the plain RabbitMQ queue until SIGTERM or SIGINT."""

    help = "Take mail from a plain RabbitMQ queue (EMAIL_TASKS_URL) until SIGTERM; unusable messages go to QUEUE.dead."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument("--queue", default=config().tasks_queue, help="default: %(default)s")

    def handle(self, *_: Any, queue: str, **__: Any) -> None:
        """Consume."""
        consumer = Consumer(config().tasks_url, queue=queue)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: consumer.stop())
        consumer.run()
        self.stdout.write(f"stopped; nothing of {queue} is in our hands")
