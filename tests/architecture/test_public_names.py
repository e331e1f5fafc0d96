"""What other people's code may import: pinned here, so that a change of it is a decision and not an accident."""

from __future__ import annotations

import ast
import importlib

import pytest

from tests.architecture.source import ROOT, files, tree

PUBLIC = {
    "strangler": ["MONOLITH_APPS", "SERVICE_APPS", "__version__"],
    "strangler.calls": ["BudgetMiddleware", "install", "question", "route_task", "seam", "together"],
    "strangler.cli": ["VERBS"],
    "strangler.effects": ["Recorder", "current", "record"],
    "strangler.core.comparison": [
        "NOISE",
        "PRESETS",
        "Action",
        "Difference",
        "Kind",
        "Rule",
        "compare",
        "describe",
        "learn",
    ],
    "strangler.errors": [
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
    ],
    "strangler.gateway": ["TARGETS", "Place", "Site", "apply", "check", "render"],
    "strangler.facade": ["current_decision"],
    "strangler.isolation": ["ROUTER"],
    "strangler.move.checksums": [
        "Pair",
        "Partition",
        "Remark",
        "Side",
        "Sums",
        "find_accepted",
        "find_losses",
        "pair_columns",
    ],
    "strangler.forking": [
        "Forked",
        "Forker",
        "Program",
        "completed",
        "forker",
        "popen",
        "read_program",
        "run",
        "start_forker",
    ],
    "strangler.move.preflight": ["Refusal", "examine"],
    "strangler.outbox": ["Message", "Priority", "carried", "carry", "count_waiting", "send"],
    "strangler.outbox.publishers": ["Publisher", "Receipt", "open_publisher"],
    "strangler.replicas": ["PositionMiddleware", "ReplicaRouter", "install", "on_primary", "wrote"],
    "strangler.rollout": ["Outcome", "Snapshot", "change", "current", "tally"],
    "strangler.shadow.models": [
        "CaptureLoss",
        "CaptureRecord",
        "CaptureState",
        "Cause",
        "ComparisonRecord",
        "DifferenceRecord",
        "KeptCapture",
        "RuleRecord",
        "RuleState",
    ],
    "strangler.service": [
        "PRINCIPAL_HEADER",
        "AnonymousServiceUser",
        "Principal",
        "PrincipalMiddleware",
        "ServiceUser",
        "read_principal",
        "sign_principal",
    ],
    "strangler.service.sandbox": ["SandboxMiddleware", "folder", "is_active"],
    "strangler.testing": [
        "BothSides",
        "Characterization",
        "Commands",
        "Exchange",
        "LegacyClient",
        "ServiceCall",
        "ServiceCalls",
        "ServiceClient",
        "SideClient",
    ],
    "strangler.service.inbox": ["Delivery", "Verdict", "forget", "park", "process", "receive"],
}


def declared():
    """Return what the packages of the toolkit declare in ``__all__``."""
    found = {}
    for path in files("strangler"):
        for node in tree(path).body:
            if (
                path.name == "__init__.py"
                and isinstance(node, ast.Assign)
                and node.targets[0].id == "__all__"
            ):
                package = ".".join(path.parent.relative_to(ROOT).parts)
                found[package] = ast.literal_eval(node.value)
    return found


def test_the_public_names_are_the_pinned_ones():
    """If this is on purpose: pin them here, and write a line in CHANGELOG.md."""
    assert declared() == PUBLIC


@pytest.mark.parametrize("package", PUBLIC)
def test_every_public_name_can_be_imported(package):
    module = importlib.import_module(package)
    assert [name for name in PUBLIC[package] if not hasattr(module, name)] == []


@pytest.mark.parametrize("path", files("strangler"), ids=lambda path: str(path.relative_to(ROOT)))
def test_every_module_says_what_it_is_for(path):
    text = path.read_text()
    assert ast.get_docstring(tree(path)) or not text.strip()
