"""What can be wrong with a wish for a report, or with making it.

ReportingError
├── RefusedError          a person can do something about it: 400
│   ├── UnknownReportError
│   ├── ParameterError
│   └── TooManyRunsError
├── FeedError             the shop did not answer as it should
└── StoppedError          the work on a run ends here
    ├── CancelledError        somebody cancelled it
    ├── LostError             the run belongs to another worker
    └── OutOfTimeError        it may not take longer
"""


class ReportingError(Exception):
    """The root; its text is for people."""


class RefusedError(ReportingError):
    """The wish can't be fulfilled as it is."""


class UnknownReportError(RefusedError):
    """There is no such report, or not for this person; nobody learns which."""


class ParameterError(RefusedError):
    """A parameter is unknown, missing or makes no sense."""


class TooManyRunsError(RefusedError):
    """The person has too many unfinished runs."""


class FeedError(ReportingError):
    """The shop did not answer as it should."""


class StoppedError(ReportingError):
    """The work on a run ends here."""


class CancelledError(StoppedError):
    """Somebody cancelled the run."""


class LostError(StoppedError):
    """The run belongs to another worker by now, or is gone."""


class OutOfTimeError(StoppedError):
    """The run used up its time."""
