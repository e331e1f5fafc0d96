"""Kubernetes: a file for each member, network policies, and the Gateway API with the weights of the rollouts."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from strangler.core.paths import Kind as PathKind
from strangler.core.seams import METHODS
from strangler.gateway.processes import DATA, PORT, Kind, Process, of_member
from strangler.gateway.seams import SeamView, path_regex, views
from strangler.gateway.site import MONOLITH, host_name
from strangler.gateway.text import fill

if TYPE_CHECKING:
    from collections.abc import Sequence

    from strangler.gateway.site import Site

WHOLE = 10_000  # weights are hundredths of a percent, as rollouts are
PEOPLE_WAIT = 70  # percent of the processor at which one more web pod is started
CPU_REQUEST = 100  # thousandths of a processor, by which busy pods of a node share it
WAITING_PER_WORKER = 50  # messages in the queue
REMOVED = (
    *(f"Strangler-{name}" for name in ("Principal", "Decision", "Request-Id", "Fallback", "Gateway")),
    *("Strangler-Shadow", "Strangler-Sandbox", "Forwarded", "X-Real-IP"),
)
"""What a client says under these names ends at the gateway; the Gateway API allows 16."""


def render(site: Site) -> dict[str, str]:
    """Return the manifests, for `kubectl apply --filename k8s/`."""
    files = {
        f"k8s/{host_name(member)}.yaml": _member(member, site)
        for member in site.members
        if _has(member, site)
    }
    files["k8s/network.yaml"] = fill(
        "k8s_network.yaml",
        stamp=site.stamp,
        services=[host_name(name) for name in site.topology.services],
        port=PORT,
    )
    files["k8s/gateway.yaml"] = _gateway(site)
    return files


def _has(member: str, site: Site) -> bool:
    return any(True for _ in of_member(member, site))


def _member(member: str, site: Site) -> str:
    """Return a deployment for each process.

    A socket leads no further than a pod, so the shadow worker is a container beside each process that captures.
    """
    processes = list(of_member(member, site))
    shadow = [each for each in processes if each.is_shadow_worker]
    hosts = [each for each in processes if each.kind in {Kind.WEB, Kind.WORKER}] if shadow else []
    deployed = [
        each for each in processes if each.kind is not Kind.RELEASE and not (hosts and each in shadow)
    ]
    return fill(
        "k8s_member.yaml",
        stamp=site.stamp,
        member=host_name(member),
        release=next((_values(each) for each in processes if each.kind is Kind.RELEASE), None),
        processes=[_values(each, beside=shadow if each in hosts else []) for each in deployed],
        environment=_environment(member, site),
        port=PORT,
        data=DATA,
        is_service=member != MONOLITH,
        health_host=site.gateway.server_names[0].removeprefix("*."),
        target_percent=PEOPLE_WAIT,
        waiting_per_worker=WAITING_PER_WORKER,
        has_rabbitmq=site.gateway.broker == "rabbitmq",
    )


def _values(process: Process, *, beside: Sequence[Process] = ()) -> dict[str, object]:
    return {
        "label": process.label,
        "arguments": _arguments(process),
        "beside": [
            {"label": each.label, "arguments": _arguments(each), "cpu": each.weight(CPU_REQUEST)}
            for each in beside
        ],
        "replicas": process.replicas,
        "most": max(10, process.replicas * 5),
        "is_web": process.kind is Kind.WEB,
        "is_worker": process.kind is Kind.WORKER,
        "is_only": process.kind is Kind.ONLY,
        "queue": process.queue,
        "cpu": process.weight(CPU_REQUEST),
        "settings": process.settings,
    }


def _arguments(process: Process) -> str:
    return json.dumps(process.arguments, ensure_ascii=False)


def _environment(member: str, site: Site) -> dict[str, str]:
    """Return the variables that say where the others are; secrets come from the Secret `site`."""
    found = {"MONOLITH_URL": f"http://{MONOLITH}:{PORT}"}  # the monolith's shadow worker asks it, too
    for service in site.topology.services.values():
        if service.name != member:
            found[service.url_variable] = f"http://{host_name(service.name)}:{PORT}"
    return found


def _gateway(site: Site) -> str:
    routes = [_route(view) for view in views(site)]
    return fill(
        "k8s_gateway.yaml",
        stamp=site.stamp,
        gateway=site.gateway,
        routes=routes,
        port=PORT,
        monolith=MONOLITH,
        removed=REMOVED,
    )


def _route(view: SeamView) -> dict[str, object]:
    share = int(view.rollout.percent * 100) if view.is_split else WHOLE if view.may_be_service else 0
    return {
        "name": host_name(view.seam).replace("_", "-"),
        "seam": view.seam,
        "where": view.where,
        "path": _path(view),
        "methods": [method for method in METHODS if method in view.route.methods],
        "service": host_name(view.route.service),
        "service_weight": share,
        "legacy_weight": WHOLE - share,
        "has_legacy": view.route.has_legacy,
        "decision": view.decision,
        "timeout": f"{max(1, round(view.route.timeout.total_seconds()))}s",
    }


def _path(view: SeamView) -> str:
    """Return the match of a path; a prefix in the Gateway API ends at a slash, which it leaves out."""
    pattern = view.route.pattern
    if pattern.kind is PathKind.EXACT:
        return f"{{type: Exact, value: {json.dumps(pattern.text)}}}"
    if pattern.kind is PathKind.PREFIX:
        return f"{{type: PathPrefix, value: {json.dumps(pattern.literal.rstrip('/') or '/')}}}"
    expression = path_regex(view.route).removesuffix(r"\z")
    return f"{{type: RegularExpression, value: {json.dumps(expression)}}}"
