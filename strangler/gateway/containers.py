"""One image for everybody, and compose.yaml: every process a container, and nothing but the gateway reachable from outside."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from strangler.gateway.processes import DATA, PORT, Kind, all_processes
from strangler.gateway.site import MONOLITH, host_name
from strangler.gateway.text import fill

if TYPE_CHECKING:
    from strangler.gateway.processes import Process
    from strangler.gateway.site import Site

PYTHON = "3.12"


def render(site: Site) -> dict[str, str]:
    """Return `Dockerfile`, what it leaves out, and `compose.yaml`, which lie in a folder below the root of the repository."""
    processes = all_processes(site)
    releases = [process.label for process in processes if process.kind is Kind.RELEASE]
    return {
        "Dockerfile": fill(
            "Dockerfile",
            stamp=site.stamp,
            python=PYTHON,
            requirements=site.gateway.requirements,
            build=site.gateway.build,
            settings=site.gateway.settings or site.topology.monolith.settings,
            data=DATA,
            has_system_libraries=any("mysql" in name for name in site.gateway.requirements),
        ),
        "Dockerfile.dockerignore": fill("dockerignore"),
        "compose.yaml": fill(
            "compose.yaml",
            stamp=site.stamp,
            gateway=site.gateway,
            processes=[_service(process) for process in processes],
            releases=releases,
            workers=[process.variable for process in processes if process.kind is Kind.WORKER],
            addresses=_addresses(site),
            health_host=site.gateway.server_names[0].removeprefix("*."),
            port=PORT,
            data=DATA,
            webs=[process.label for process in processes if process.kind is Kind.WEB],
            has_rabbitmq=site.gateway.broker == "rabbitmq",
        ),
    }


def _service(process: Process) -> dict[str, object]:
    return {
        "label": process.label,
        "command": json.dumps(process.in_container, ensure_ascii=False),
        "live": "/health/live" if process.kind is Kind.WEB and process.member != MONOLITH else "",
        "settings": process.settings,
        "is_release": process.kind is Kind.RELEASE,
        "is_scaled": process.kind in {Kind.WEB, Kind.WORKER},
        "is_worker": process.kind is Kind.WORKER,
        "variable": process.variable,
        "replicas": process.replicas,
        "shares": process.weight(1024) if process.niceness else None,
    }


def _addresses(site: Site) -> dict[str, str]:
    """Return the variables that say where the members are, each container a host of its own name."""
    found = {"MONOLITH_URL": f"http://{MONOLITH}:{PORT}"}
    for service in site.topology.services.values():
        found[service.url_variable] = f"http://{host_name(service.name)}:{PORT}"
    return found
