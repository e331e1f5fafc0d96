"""Configuration has one door: settings.STRANGLER is read in conf, and every variable is documented."""

from __future__ import annotations

import ast
import re
import tomllib

from tests.architecture.source import ROOT, files, tree

# Set by whoever starts the process, not configured by a person; or Python's own.
NOT_CONFIGURATION = {"COLUMNS", "PATH", "DJANGO_SETTINGS_MODULE"} | {
    "PYTHONPATH",
    "PYTHONUNBUFFERED",
    "PYTHONWARNINGS",
}


def variables_read(path):
    """Yield the names of environment variables that a file reads: env("X"), env.bool("X"), os.environ["X"], …."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Call) and node.args and is_reader(node.func):
            name = node.args[0]
        elif isinstance(node, ast.Subscript) and is_reader(node.value):
            name = node.slice
        else:
            continue
        if (
            isinstance(name, ast.Constant)
            and isinstance(name.value, str)
            and re.fullmatch(r"[A-Z][A-Z0-9_]+", name.value)
        ):
            yield name.value


def is_reader(node):
    """Return whether an expression is env, os.environ, os.getenv, or a method of them."""
    if isinstance(node, ast.Name):
        return node.id == "env"
    if not isinstance(node, ast.Attribute):
        return False
    is_os = isinstance(node.value, ast.Name) and node.value.id == "os"
    return (is_os and node.attr in {"environ", "getenv"}) or is_reader(node.value)


def documented():
    """Return the variables that .env.example names, commented out or not."""
    return set(
        re.findall(r"^#?\s?([A-Z][A-Z0-9_]+)=", (ROOT / ".env.example").read_text(), flags=re.MULTILINE)
    )


def read():
    """Return every variable that the code reads, and those the topology's services derive."""
    services = tomllib.loads((ROOT / "strangler.toml").read_text())["services"]
    derived = {f"{name.upper()}_DATABASE_URL" for name in services} | {
        service.get("url_variable", f"{name.upper()}_URL") for name, service in services.items()
    }
    folders = files("strangler", "monolith", "extracted")
    return {name for path in folders for name in variables_read(path)} - NOT_CONFIGURATION | derived


def test_every_variable_that_the_code_reads_is_in_the_example():
    assert read() - documented() == set()


def test_the_example_names_no_variable_that_nothing_reads():
    assert documented() - read() == set()


def reads_settings(node):
    """Return whether an expression is `settings.STRANGLER` or `getattr(settings, …)`."""
    if isinstance(node, ast.Attribute):
        return node.attr == "STRANGLER" and isinstance(node.value, ast.Name) and node.value.id == "settings"
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "getattr":
        return isinstance(node.args[0], ast.Name) and node.args[0].id == "settings"
    return False


def test_only_conf_reads_the_setting():
    """A second reader would be a second place for defaults."""
    readers = {
        str(path.relative_to(ROOT))
        for path in files("strangler")
        if any(reads_settings(node) for node in ast.walk(tree(path)))
    }
    assert readers == {"strangler/conf.py"}
