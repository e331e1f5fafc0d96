"""What differs, as files: one per cause in Markdown for people, with both answers, and one in JSON for programs."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from strangler.cli.compare_document import as_document
from strangler.core.capture import RecordedRequest
from strangler.core.masking import mask
from strangler.errors import UnknownCaptureError
from strangler.shadow import keeping

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from strangler.core.capture import Capture
    from strangler.core.observation import Observation
    from strangler.shadow.keeping import Kept
    from strangler.shadow.report import CauseReport, SeamFindings

BODY_LENGTH = 20_000
NAME_LENGTH = 80


def write_files(report: Sequence[SeamFindings], *, folder: Path) -> int:
    """Write `report.json` and a page for each cause into *folder*; returns how many causes.

    Both bodies of an example are on its page, personal data masked in what was asked and in the control's answer.
    """
    folder.mkdir(parents=True, exist_ok=True)
    document = json.dumps(as_document(report), indent=2, default=str)
    (folder / "report.json").write_text(document + "\n", encoding="utf-8")
    pages = [(number, each) for found in report for number, each in enumerate(found.causes, start=1)]
    for number, each in pages:
        (folder / file_name(each, number=number)).write_text(_page(each), encoding="utf-8")
    return len(pages)


def file_name(each: CauseReport, *, number: int) -> str:
    """Return a name that sorts as the report does and that every file system takes."""
    words = re.sub(r"[^A-Za-z0-9]+", "-", each.cause).strip("-").lower()
    return f"{each.seam}-{number:03}-{words}"[:NAME_LENGTH].rstrip("-") + ".md"


def _page(each: CauseReport) -> str:
    noise = " Noise: legacy shows it against itself." if each.is_noise else ""
    lines = [
        f"# {each.seam}: {each.cause}",
        "",
        f"{each.count:,} comparisons, the last at {each.last_seen_at:%Y-%m-%d %H:%M:%S} UTC.{noise}",
        "",
        *_block("Control", each.control),
        *_block("Candidate", each.candidate),
        *_example(each),
    ]
    return "\n".join(lines) + "\n"


def _example(each: CauseReport) -> list[str]:
    try:
        kept = keeping.find(each.example)
    except UnknownCaptureError:
        return ["The example is not kept any more."]
    masked = mask(kept.capture)
    return [
        f"## Example {each.example}",
        "",
        f"Captured at {kept.capture.captured_at:%Y-%m-%d %H:%M:%S} UTC. Replay it:",
        "",
        f"    manage.py strangler compare --replay {each.example}",
        "",
        *_block("Asked", _asked(masked)),
        *_block("Answer of the control", _answer(masked.control)),
        *_block("Answer of the candidate", _candidate(kept, masked)),
    ]


def _candidate(kept: Kept, masked: Capture) -> str:
    """Return the candidate's answer, masked by the same rules as the control's."""
    if kept.candidate is None:
        return "not kept"
    as_control = type(masked)(
        id=kept.capture.id,
        seam=kept.capture.seam,
        asked=kept.capture.asked,
        control=kept.candidate,
        captured_at=kept.capture.captured_at,
    )
    return _answer(mask(as_control).control)


def _asked(capture: Capture) -> str:
    asked = capture.asked
    if isinstance(asked, RecordedRequest):
        head = [f"{asked.method} {asked.target}", *(f"{name}: {value}" for name, value in asked.headers)]
        return "\n".join([*head, "", _body(asked.body)]).rstrip()
    return json.dumps({"task": asked.task, "version": asked.version, "body": asked.body}, indent=2)


def _answer(observation: Observation) -> str:
    lines = [f"status {observation.status}" + (f", error {observation.error}" if observation.error else "")]
    lines += [f"{name}: {value}" for name, value in observation.headers]
    lines += ["", _body(observation.body)]
    if observation.effects is not None:
        lines += ["", "effects:", json.dumps(observation.effects.to_json(), indent=2, default=str)]
    return "\n".join(lines)


def _body(body: bytes) -> str:
    try:
        text = body.decode()
    except UnicodeDecodeError:
        return f"({len(body):,} bytes that are no text)"
    if "\0" in text:
        return f"({len(body):,} bytes that are no text)"
    return text if len(text) <= BODY_LENGTH else f"{text[:BODY_LENGTH]}\n… ({len(text):,} characters)"


def _block(title: str, text: str) -> list[str]:
    """Return *text* in a fence that nothing in it can close."""
    fence = "`" * max(3, 1 + max((len(run) for run in re.findall(r"`+", text)), default=0))
    return [f"**{title}**", "", fence, text, fence, ""]
