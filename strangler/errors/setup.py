"""What is wrong with the settings, the topology or the environment. The whole tree is drawn in `strangler.errors`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from strangler.errors.base import StranglerError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterable


class ConfigurationError(StranglerError):
    """`settings.STRANGLER` or the environment is wrong.

    Args:
        message: what is wrong, and where.
        hint: what to do next.
        check_id: the system check that reports it.
    """

    def __init__(self, message: str, *, hint: str = "", check_id: str = "strangler.E001") -> None:
        super().__init__(f"{message} {hint}".strip())
        self.message = message
        self.hint = hint
        self.check_id = check_id


class TopologyError(ConfigurationError):
    """The topology file is wrong; *where* names the key."""

    def __init__(self, message: str, *, where: str, hint: str = "") -> None:
        super().__init__(f"{where}: {message}", hint=hint, check_id="strangler.E002")
        self.where = where


class UnknownSeamError(StranglerError):
    """The topology has no seam of this name."""

    def __init__(self, seam: str, *, known: Iterable[str]) -> None:
        names = sorted(known)
        super().__init__(f"There is no seam {seam!r} in the topology.{did_you_mean(seam, names)}")
        self.seam = seam
        self.known = names


class UnknownStageError(StranglerError):
    """No stage has this name."""

    def __init__(self, stage: str, *, known: Iterable[str]) -> None:
        names = list(known)
        super().__init__(f"There is no stage {stage!r}.{did_you_mean(stage, names)}")
        self.stage = stage
        self.known = names


class MissingExtraError(StranglerError):
    """An optional dependency is not installed."""

    def __init__(self, package: str, *, extra: str, needed_for: str) -> None:
        super().__init__(
            f"{needed_for} needs {package}, which is not installed. "
            f"Install it with: pip install 'django-strangler[{extra}]'"
        )
        self.package = package
        self.extra = extra


class ProcessError(StranglerError):
    """`strangler up` could not start a process, or one ended on its own."""

    def __init__(self, message: str, *, process: str) -> None:
        super().__init__(message)
        self.process = process
