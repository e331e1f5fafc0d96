"""Write kept captures to a file that tests can replay, personal data masked; or take such a file in."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from strangler.cli.render import add_format_argument, write_json
from strangler.errors import CorpusError
from strangler.shadow import corpus

if TYPE_CHECKING:
    from django.core.management.base import CommandParser, OutputWrapper

HELP = "export captures as a corpus for tests, or import one"


def add_arguments(parser: CommandParser) -> None:
    """Add the options of the verb."""
    parser.add_argument("action", choices=["export", "import"], help="what to do")
    parser.add_argument("path", type=Path, help="the file, JSON Lines; for export also a folder")
    parser.add_argument("--seam", default="", help="export: only captures of this seam")
    parser.add_argument("--limit", type=int, help="export: most captures, the newest first")
    parser.add_argument(
        "--no-mask", action="store_true", help="export: leave personal data in; needs --reason"
    )
    parser.add_argument("--reason", default="", help="export --no-mask: why; it is logged")
    parser.add_argument(
        "--compare", action="store_true", help="import: have the shadow worker compare them, too"
    )
    add_format_argument(parser)


def handle(options: dict[str, Any], *, stdout: OutputWrapper) -> int:
    """Export or import, and say how many."""
    path: Path = options["path"]
    if options["action"] == "import":
        count, word = corpus.load(path, is_queued=options["compare"]), "imported"
    else:
        path = path / "corpus.jsonl" if path.is_dir() else path
        count, word = _export(path, options), f"exported to {path}"
    if options["format"] == "json":
        write_json(stdout, {"captures": count, "path": str(path)})
    else:
        stdout.write(f"{count:,} captures {word}.")
    return 0


def _export(path: Path, options: dict[str, Any]) -> int:
    if options["no_mask"] and not options["reason"]:
        raise CorpusError("personal data stays in it with --no-mask; say why with --reason.", path=path)
    return corpus.export(
        path,
        seam=options["seam"],
        limit=options["limit"],
        is_masked=not options["no_mask"],
        reason=options["reason"],
    )
