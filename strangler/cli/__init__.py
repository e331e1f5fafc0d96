"""The verbs of `manage.py strangler`, one short module each: parse, one call, render.

A verb has `HELP`, `add_arguments(parser)` and `handle(options, *, stdout) -> int`, its exit code.
"""

from strangler.cli import override, rollout, status, up

VERBS = {"status": status, "rollout": rollout, "override": override, "up": up}

__all__ = ["VERBS"]
