"""The how-to about sending mail says what is so."""

import os
import re
import subprocess
import sys
from pathlib import Path

from extracted.email import errors
from extracted.email.composing import names
from extracted.email.plain_queue.handling import NoIdError

ROOT = Path(__file__).resolve().parents[3]
PAGE = (ROOT / "docs" / "how-to" / "send-mail.md").read_text()


def example_producer(folder, *, url):
    """Run the example program as another team would: in its own folder, without our settings."""
    script = ROOT / "docs" / "how-to" / "email_producer.py"
    environment = {key: value for key, value in os.environ.items() if key != "DJANGO_SETTINGS_MODULE"}
    command = [sys.executable, "-P", str(script), url, "ann@example.org", "2026-0000042"]
    result = subprocess.run(
        command, cwd=folder, env=environment, check=True, capture_output=True, text=True, timeout=30
    )
    assert result.stdout == "RabbitMQ has invoice:2026-0000042\n"


def test_it_names_every_reason_of_a_dead_letter():
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type)]
    # A conflict is no reason on the queue, and two are the roots of others.
    codes = {kind.code for kind in [*kinds, NoIdError]} - {"refused", "template", "conflict"}
    listed = re.search(r"headers `reason` \((.*?)\)", PAGE, re.DOTALL)
    assert set(re.findall(r"`([a-z-]+)`", listed.group(1))) == codes | {"too-many-deliveries"}


def test_it_names_every_template():
    assert re.findall(r"^\| `(\w+)` \| `\w+\.", PAGE, re.MULTILINE) == [
        "report",
        "welcome",
        "order",
        "invoice",
    ]
    assert names() == ["invoice", "order", "report", "welcome"]
