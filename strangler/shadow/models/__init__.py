"""Tables of the shadow room."""

from strangler.shadow.models.captures import CaptureLoss, CaptureRecord, CaptureState
from strangler.shadow.models.findings import (
    Cause,
    ComparisonRecord,
    DifferenceRecord,
    KeptCapture,
    RuleRecord,
    RuleState,
)

__all__ = [
    "CaptureLoss",
    "CaptureRecord",
    "CaptureState",
    "Cause",
    "ComparisonRecord",
    "DifferenceRecord",
    "KeptCapture",
    "RuleRecord",
    "RuleState",
]
