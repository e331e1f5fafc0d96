"""Show or change where a seam stands: `rollout images.upload auto --to live`, `rollout images.upload legacy`."""

from __future__ import annotations

import getpass
from typing import TYPE_CHECKING, Any

from strangler.cli import rollout_auto
from strangler.cli.gateway_options import add_place_arguments
from strangler.cli.render import console
from strangler.cli.rollout_moving import move
from strangler.cli.rollout_text import say_history
from strangler.core.stages import RolloutStage
from strangler.errors import GatewayError, UnknownStageError
from strangler.rollout.changes import position

if TYPE_CHECKING:
    from django.core.management.base import CommandParser, OutputWrapper

HELP = "show or change where a seam stands"
HISTORY = 10  # changes that are shown
_BY_WORD = {"auto": rollout_auto.run, "approve": rollout_auto.approve}
_WORDS = [*(stage.value for stage in RolloutStage), *_BY_WORD]


def add_arguments(parser: CommandParser) -> None:
    """Add the options of the verb."""
    parser.add_argument("seam", help="name of the seam, such as images.upload")
    parser.add_argument("stage", nargs="?", help=f"{', '.join(_WORDS)}; without it the history is shown")
    parser.add_argument("percent", nargs="?", help="of clients in canary, or of the work compared in shadow")
    parser.add_argument("--reason", default="", help="why; kept in the audit")
    parser.add_argument("--actor", default="", help="who; the system's user by default")
    parser.add_argument("--dry-run", action="store_true", help="say what would change and change nothing")
    parser.add_argument("--force", action="store_true", help="go forward without proof; needs --reason")
    parser.add_argument("--to", nargs="+", default=[], help="target of auto: live, or canary 25")
    parser.add_argument("--detach", action="store_true", help="auto: leave the plan to a running guard")
    parser.add_argument("--stop", action="store_true", help="auto: end the plan; the seam stays where it is")
    parser.add_argument("--keys", type=int, default=10_000, help="sample keys that a canary is counted over")
    parser.add_argument("--apply-gateway", nargs="?", const="nginx", help="then let nginx or haproxy follow")
    add_place_arguments(parser)
    parser.add_argument(
        "--wait-seconds", type=float, default=5, help="for all processes to follow (5; 0: do not wait)"
    )


def handle(options: dict[str, Any], *, stdout: OutputWrapper) -> int:
    """Show the history, or do what the word after the seam says."""
    out = console(stdout)
    before = position(options["seam"])
    word = options["stage"]
    if word is None:
        say_history(before, limit=HISTORY, out=out)
        return 0
    if word not in _WORDS:
        raise UnknownStageError(word, known=_WORDS)
    if options["apply_gateway"] and word in _BY_WORD:
        raise GatewayError(f"--apply-gateway follows one change; {word} makes several. See: gateway apply")
    run = _BY_WORD.get(word, move)
    return run(before, options, actor=options["actor"] or getpass.getuser(), out=out)
