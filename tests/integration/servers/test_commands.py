"""Commands of a project that is loaded once are processes of their own all the same."""

import os
import signal

import pytest

from strangler.testing import Commands


@pytest.fixture(scope="module")
def commands(tmp_path_factory):
    folder = tmp_path_factory.mktemp("commands")
    url = f"sqlite:///{folder / 'shop.sqlite3'}"
    environ = {**os.environ, "DJANGO_SETTINGS_MODULE": "monolith.settings.test", "DATABASE_URL": url}
    with Commands(environ) as found:
        yield found


def shell(commands, code, **options):
    return commands.run("shell", "-v0", "-c", code, **options)


def test_a_command_says_what_it_says_and_ends_as_it_ends(commands):
    done = commands.run("check")
    assert (done.returncode, done.stdout) == (0, "System check identified no issues (0 silenced).\n")
    refused = commands.run("strangler", "status", "--format", "odd")
    assert refused.returncode == 2
    assert "invalid choice: 'odd'" in refused.stderr
    assert commands.run("migrate", "--verbosity=0").returncode == 0
    assert commands.run("strangler", "status").returncode == 0


def test_a_command_reads_what_it_is_given_and_leaves_nothing_to_the_next(commands):
    code = "import os, sys; print(sys.stdin.read(), os.environ.setdefault('LEFT', 'no')); os.environ['LEFT'] = 'yes'"
    assert shell(commands, code, given="ann").stdout == "ann no\n"
    assert shell(commands, code).stdout == " no\n"
    assert shell(commands, "import atexit; atexit.register(print, 'the end')").stdout == "the end\n"


def test_a_command_may_have_settings_of_its_own(commands):
    code = "from django.conf import settings; print(settings.SETTINGS_MODULE)"
    words = ("shell", "-v0", "-c", code, "--settings", "extracted.email.settings")
    assert commands.run(*words).stdout == "extracted.email.settings\n"


def test_a_command_that_fails_or_is_killed_is_told_as_such(commands):
    failed = shell(commands, "1 / 0")
    assert failed.returncode == 1
    assert "ZeroDivisionError" in failed.stderr
    killed = shell(commands, "import os, signal; os.kill(os.getpid(), signal.SIGKILL)")
    assert killed.returncode == -signal.SIGKILL
