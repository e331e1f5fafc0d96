"""Tables of the shadow room."""

from strangler.shadow.models.captures import CaptureLoss, CaptureRecord, CaptureState

__all__ = ["CaptureLoss", "CaptureRecord", "CaptureState"]
