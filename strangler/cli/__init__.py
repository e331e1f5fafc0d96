"""The verbs of `manage.py strangler`, one short module each: parse, one call, render.

A verb has `HELP`, `add_arguments(parser)` and `handle(options, *, stdout) -> int`, its exit code.
"""

from strangler.cli.verbs import VERBS

__all__ = ["VERBS"]
