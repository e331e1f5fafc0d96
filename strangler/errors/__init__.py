"""The one tree of errors of the toolkit.

    StranglerError
    ├── ConfigurationError      settings.STRANGLER or the environment are wrong
    │   └── TopologyError       strangler.toml is wrong
    ├── UnknownSeamError        a seam that the topology does not have
    ├── UnknownStageError       a word that is no stage
    ├── TransitionError         a stage that can't be reached from here
    ├── EvidenceError           going forward without proof that both sides do the same
    ├── SupersededError         somebody else moved the seam meanwhile
    ├── PlanError               a plan that is not there, or not in the state that it is asked for in
    ├── RuleError               a rule of the comparison that can't be read
    ├── TokenError              a signed value that is forged, expired or for somebody else
    ├── PeerUnavailableError    the other side did not say who is logged in, or did not take a user
    ├── UserConflictError       a user that both sides made, or that can't be stored
    ├── GatewayError            something that can't be rendered, or a server that refuses what was rendered
    ├── MessageError            a message that nobody could receive
    ├── NotInTransactionError   a message without a transaction that it belongs to
    ├── BrokerUnavailable       a broker that is dead, frozen or full; nothing is lost
    ├── MessageBusyError        a message that another worker is working on
    ├── ServiceNotReadableError a service that does not tell which tasks it has
    ├── NotObservedError        a side that was asked about a capture, and gave no observation
    ├── UnknownCaptureError     a capture that is neither waiting nor kept
    ├── UnknownRuleError        a noise rule that a seam does not have
    ├── CorpusError             a file of captures that can't be read
    ├── SandboxError            something that a sandbox could not take back, and so refused
    │   └── SandboxRefusedError a connection out of a sandbox
    ├── SandboxBrokenError      something was committed inside of a sandbox
    ├── VerificationError       two tables that can't be compared
    ├── IsolationViolation      code of one side that touched a table of the other
    ├── LooseKeyError           a deletion that would leave rows of another owner with a key to nothing
    ├── RatchetError            a ratchet file that is wrong, or says more than is true
    ├── MoveError               tables can't be moved, or not like this
    │   ├── PreflightError      a move was refused; each reason has a name
    │   ├── MoveTransitionError a stage of a move that can't be reached from here
    │   ├── MoveBusyError       another process works on the move
    │   ├── MovePausedError     the move stopped itself, and says why
    │   ├── PauseBudgetError    a switch would have kept writers waiting for too long; all is as before
    │   ├── FenceRaised         a write met the fence: the table has a new owner
    │   └── HandedTooOftenError  work went from side to side and met a raised fence on both
    ├── MissingExtraError       an optional dependency is not installed
    └── ProcessError            `strangler up` could not start or keep a process

Each carries its data as attributes; its message says what is wrong, with which object, and what to do next.
"""

from strangler.errors.base import StranglerError, did_you_mean
from strangler.errors.comparing import (
    CorpusError,
    NotObservedError,
    RuleError,
    SandboxBrokenError,
    SandboxError,
    SandboxRefusedError,
    UnknownCaptureError,
    UnknownRuleError,
)
from strangler.errors.messages import (
    BrokerUnavailable,
    MessageBusyError,
    MessageError,
    NotInTransactionError,
    ServiceNotReadableError,
)
from strangler.errors.moves import (
    FenceRaised,
    HandedTooOftenError,
    MoveBusyError,
    MoveError,
    MovePausedError,
    MoveTransitionError,
    PauseBudgetError,
    PreflightError,
)
from strangler.errors.rollouts import EvidenceError, PlanError, SupersededError, TokenError, TransitionError
from strangler.errors.setup import (
    ConfigurationError,
    MissingExtraError,
    ProcessError,
    TopologyError,
    UnknownSeamError,
    UnknownStageError,
)
from strangler.errors.sides import GatewayError, PeerUnavailableError, UserConflictError
from strangler.errors.tables import IsolationViolation, LooseKeyError, RatchetError, VerificationError

__all__ = [
    "BrokerUnavailable",
    "ConfigurationError",
    "CorpusError",
    "EvidenceError",
    "FenceRaised",
    "GatewayError",
    "HandedTooOftenError",
    "IsolationViolation",
    "LooseKeyError",
    "MessageBusyError",
    "MessageError",
    "MissingExtraError",
    "MoveBusyError",
    "MoveError",
    "MovePausedError",
    "MoveTransitionError",
    "NotInTransactionError",
    "NotObservedError",
    "PauseBudgetError",
    "PeerUnavailableError",
    "PlanError",
    "PreflightError",
    "ProcessError",
    "RatchetError",
    "RuleError",
    "SandboxBrokenError",
    "SandboxError",
    "SandboxRefusedError",
    "ServiceNotReadableError",
    "StranglerError",
    "SupersededError",
    "TokenError",
    "TopologyError",
    "TransitionError",
    "UnknownCaptureError",
    "UnknownRuleError",
    "UnknownSeamError",
    "UnknownStageError",
    "UserConflictError",
    "VerificationError",
    "did_you_mean",
]
