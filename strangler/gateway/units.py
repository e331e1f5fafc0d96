"""One machine without containers: systemd units, and a Procfile."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from strangler.gateway.keepalive import web_command
from strangler.gateway.processes import Kind, Process, all_processes
from strangler.gateway.site import MONOLITH, Place
from strangler.gateway.text import fill

if TYPE_CHECKING:
    from strangler.gateway.site import Site

HOME = "/srv/site"  # the checkout, with its environment in .venv and its secrets in .env
STATE = "/var/lib/strangler"
RUN = "/run/strangler"


def render_systemd(site: Site) -> dict[str, str]:
    """Return a unit for each process, and `strangler.target` that starts all of them."""
    site = replace(site, place=Place.MACHINE)
    processes = all_processes(site)
    releases = [process.label for process in processes if process.kind is Kind.RELEASE]
    files = {f"systemd/{unit_file(each)}": _unit(each, releases, site) for each in processes}
    wanted = [name for each in processes if each.kind is not Kind.RELEASE for name in instances(each)]
    files["systemd/strangler.target"] = fill("strangler.target", stamp=site.stamp, units=wanted)
    return files


def render_procfile(site: Site) -> dict[str, str]:
    """Return a Procfile, for platforms that start what it names and say the port in `$PORT`."""
    processes = [each for each in all_processes(site) if each.kind is not Kind.RELEASE]
    releases = [_with_settings(each) for each in all_processes(site) if each.kind is Kind.RELEASE]
    lines = [(f"{each.member}-{each.name}", _with_settings(each)) for each in processes]
    return {"Procfile": fill("Procfile", stamp=site.stamp, release=" && ".join(releases), lines=lines)}


def unit_file(process: Process) -> str:
    """Return the name of a process's unit; of several of a kind it is a template, `images-worker@.service`."""
    name = process.label if process.kind is not Kind.WEB else f"{process.label}-web"
    return f"strangler-{name}{'@' if process.replicas > 1 else ''}.service"


def instances(process: Process) -> list[str]:
    """Return the units that run, `…@1.service` to `…@20.service` for twenty."""
    if process.replicas == 1:
        return [unit_file(process)]
    return [unit_file(process).replace("@.", f"@{number}.") for number in range(1, process.replicas + 1)]


def _unit(process: Process, releases: list[str], site: Site) -> str:
    line = process.line.replace("$PORT", str(site.port(process.member))).replace("$STATE_DIR", STATE)
    return fill(
        "unit.service",
        stamp=site.stamp,
        process=process,
        line=line.replace("%", "%%"),
        home=HOME,
        state=STATE,
        run=RUN if process.member == MONOLITH and process.kind is not Kind.RELEASE else "",
        weight=process.weight(100) if process.niceness else None,
        is_release=process.kind is Kind.RELEASE,
        releases=[f"strangler-{name}.service" for name in releases],
        variables=_variables(site),
    )


def _variables(site: Site) -> dict[str, str]:
    found = {"MONOLITH_URL": f"http://127.0.0.1:{site.port('monolith')}"}
    for service in site.topology.services.values():
        if web_command(service.name, site):
            found[service.url_variable] = f"http://127.0.0.1:{site.port(service.name)}"
    return found


def _with_settings(process: Process) -> str:
    line = process.line
    if process.kind is Kind.WEB:
        line = line.replace("127.0.0.1", "0.0.0.0")  # noqa: S104 - the platform's router is somewhere else
    return f"DJANGO_SETTINGS_MODULE={process.settings} {line}" if process.settings else line
