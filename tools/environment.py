"""Make a virtual environment and install compiled requirements into it, only when they changed.

    python tools/environment.py .venv dev mysql

Run by the Makefile with any Python 3.11+: standard library only. A stamp beside each installed requirements
file holds its hash, so a second run costs milliseconds and a changed file is installed again.

pip brings uv, and uv the rest, in a tenth of pip's time. Where uv can't (it reads no pip.conf), pip does it all.
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
import time
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.servers.catalogue import SERVERS

# What an installed file already brings: `make run` after `make test` installs nothing.
CONTAINED_IN = {"base": ("dev", "test"), "docs": ("dev",), "test": ("dev",)}
PIP = ("-m", "pip", "install", "--quiet", "--no-input", "--disable-pip-version-check")
# Byte-code comes with the first import, of a third of all modules.
UV = ("-m", "uv", "pip", "install", "--quiet")


def main(folder: str, *names: str) -> int:
    """Bring the environment in *folder* up to date with ``requirements/<name>.txt`` of each name."""
    python = ensure_environment(ROOT / folder)
    for name in names:
        if is_installed(python, name) or any(
            is_installed(python, outer) for outer in CONTAINED_IN.get(name, ())
        ):
            continue
        if name == "mysql" and not SERVERS["mysqlclient"].is_present():
            print("environment: mysqlclient can't be compiled here, MariaDB and MySQL are left out")
            continue
        if not install(python, name):
            return 1
    return 0


def ensure_environment(folder: Path) -> Path:
    """Return the Python of the environment in *folder*, making it if it is absent or broken."""
    python = folder / "bin" / "python"
    if not python.exists() or not has_pip(python):
        version = ".".join(map(str, sys.version_info[:3]))
        print(f"environment: making {folder.name} with Python {version} …", flush=True)
        venv.create(folder, with_pip=True, clear=True)
    return python


def has_pip(python: Path) -> bool:
    """Return whether the environment still works; its base Python may have been upgraded away."""
    return (
        subprocess.run([python, "-m", "pip", "--version"], capture_output=True, check=False).returncode == 0
    )


def install(python: Path, name: str) -> bool:
    """Install one requirements file by hash and stamp it; show pip's output only if it fails, too."""
    source = requirements(name)
    print(f"environment: installing {source.relative_to(ROOT)} …", flush=True)
    started = time.monotonic()
    stamp(python, name).unlink(missing_ok=True)
    run(python, PIP, "uv")
    failure = run(python, (*UV, "--python", str(python)), name)
    if failure:
        failure = run(python, PIP, name)
    if failure:
        print(f"environment: pip could not install {source.name}:\n{failure}", file=sys.stderr)
        return False
    stamp(python, name).parent.mkdir(exist_ok=True)
    stamp(python, name).write_text(digest(name))
    print(f"environment: {source.name} installed in {time.monotonic() - started:.0f} s", flush=True)
    return True


def run(python: Path, installer: tuple[str, ...], name: str) -> str:
    """Install one requirements file by hash; return what the installer printed if it failed."""
    command = [python, *installer, "--require-hashes", "-r", requirements(name)]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    return result.stdout + result.stderr if result.returncode else ""


def is_installed(python: Path, name: str) -> bool:
    """Return whether the file was installed as it is now."""
    mark = stamp(python, name)
    return mark.exists() and mark.read_text() == digest(name)


def stamp(python: Path, name: str) -> Path:
    """Return where the hash of an installed file is kept: inside the environment, so it dies with it."""
    return python.parent.parent / "stamps" / name


def digest(name: str) -> str:
    """Return the hash of a requirements file."""
    return hashlib.sha256(requirements(name).read_bytes()).hexdigest()


def requirements(name: str) -> Path:
    """Return the path of a compiled requirements file."""
    return ROOT / "requirements" / f"{name}.txt"


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
