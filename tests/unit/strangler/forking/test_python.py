"""Which lines are programs of this Python, and which are left to a shell."""

import shutil
import sys
from pathlib import Path

import pytest

from strangler.forking import Program, read_program

BIN = Path(sys.executable).parent
ENVIRON = {"PATH": f"{BIN}:/usr/bin:/bin", "PORT": "8001", "STATE": "/a folder"}
CELERY = str(BIN / "celery")


@pytest.mark.parametrize(
    ("line", "argv", "niceness"),
    [
        ("python manage.py migrate", ["manage.py", "migrate"], 0),
        ("exec python -m http.server $PORT", ["-m", "http.server", "8001"], 0),
        ("celery -A shop worker --hostname a@%h", [CELERY, "-A", "shop", "worker", "--hostname", "a@%h"], 0),
        ("nice -n 10 celery beat", [CELERY, "beat"], 10),
        ("exec nice -n 15 python manage.py 'two words'", ["manage.py", "two words"], 15),
        ("celery beat --schedule $STATE/beat", [CELERY, "beat", "--schedule", "/a folder/beat"], 0),
    ],
)
def test_a_program_of_this_python_is_read_with_its_words(line, argv, niceness):
    assert read_program(line, environ=ENVIRON) == Program(argv=tuple(argv), niceness=niceness)


@pytest.mark.parametrize(
    "line",
    [
        "",
        "python",
        "python -P script.py",
        "python manage.py migrate && celery beat",
        "celery beat > log",
        "celery beat --schedule $NOWHERE",
        "celery beat --schedule ${STATE}",
        "sleep 300",
        "nobody-has-this",
        "python 'manage.py",
        "FOO=1 python manage.py",
        "nice python manage.py",
    ],
)
def test_what_a_shell_or_another_program_understands_is_left_to_it(line):
    assert read_program(line, environ=ENVIRON) is None


def test_a_python_of_elsewhere_is_another(tmp_path):
    shutil.copy("/bin/true", tmp_path / "python")
    assert read_program("python manage.py", environ={"PATH": str(tmp_path)}) is None
