"""What is forked is a process like one that `subprocess` started."""

import os
import signal
import subprocess
import sys
import time

import psutil
import pytest

from strangler.errors import ProcessError
from strangler.forking import popen, run
from tests.servers.signals import sigstop


def python(program, *words, **options):
    return popen([sys.executable, "-c", program, *words], **options)


def test_a_program_has_its_arguments_environment_and_folder(tmp_path):
    program = "import os, sys; print(sys.argv, os.environ['WHO'], os.getcwd(), file=sys.stderr)"
    done = run([sys.executable, "-c", program, "a"], env={"WHO": "ann"}, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr == f"['-c', 'a'] ann {tmp_path}\n"


def test_a_module_and_a_script_are_run_as_python_runs_them(tmp_path):
    (tmp_path / "beside.py").write_text("NAME = 'beside'")
    (tmp_path / "script.py").write_text("import sys, beside; print(__name__, beside.NAME, sys.argv[1:])")
    (tmp_path / "module.py").write_text("import sys, beside; print(__name__, beside.NAME, sys.argv[1:])")
    for words in (["script.py"], ["-m", "module"]):
        done = run([sys.executable, *words, "a"], cwd=tmp_path, check=True)
        assert done.stdout == "__main__ beside ['a']\n"


def test_warnings_are_treated_as_the_environment_says():
    program = "import warnings; warnings.warn('odd', DeprecationWarning, stacklevel=1)"
    assert run([sys.executable, "-c", program], env={"PYTHONWARNINGS": "error"}).returncode == 1
    assert run([sys.executable, "-c", program], env={"PYTHONWARNINGS": "ignore"}).stderr == ""


def test_pipes_of_a_process_are_read_and_written():
    program = "import sys; print(input(), flush=True); print('bad', file=sys.stderr)"
    with python(
        program, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        process.stdin.write("good\n")
        process.stdin.flush()
        assert process.stdout.readline() == "good\n"
        assert process.communicate(timeout=20) == ("bad\n", None)
    assert process.returncode == 0


def test_a_process_ends_as_python_ends_one():
    program = """
import atexit, sys, threading, time
atexit.register(print, "at exit")
threading.Thread(target=lambda: (time.sleep(0.2), print("a thread"))).start()
sys.stdout.write("the end of the program, ")
"""
    done = run([sys.executable, "-c", program])
    assert (done.returncode, done.stdout) == (0, "the end of the program, a thread\nat exit\n")
    assert run([sys.executable, "-c", "raise SystemExit"]).returncode == 0
    assert run([sys.executable, "-c", "import sys; sys.exit(True)"]).returncode == 1
    assert run([sys.executable, "-c", "import sys; sys.exit(-1)"]).returncode == 255
    failed = run([sys.executable, "-c", "1 / 0"])
    assert (failed.returncode, failed.stderr.splitlines()[-1]) == (1, "ZeroDivisionError: division by zero")
    assert run([sys.executable, "-c", "raise KeyboardInterrupt"]).returncode == -signal.SIGINT


def test_what_a_command_fails_with_is_raised():
    with pytest.raises(subprocess.CalledProcessError) as raised:
        run([sys.executable, "-c", "import sys; sys.exit('no')"], check=True)
    assert (raised.value.returncode, raised.value.stderr) == (1, "no\n")


def test_a_process_is_waited_for_no_longer_than_wished_and_ends_by_its_signal():
    with python("import time; time.sleep(30)", start_new_session=True) as process:
        assert os.getpgid(process.pid) == process.pid
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(0.1)
        assert process.poll() is None
        process.terminate()
        assert process.wait(20) == -signal.SIGTERM
        assert not psutil.pid_exists(process.pid)
        process.kill()  # of nobody


def test_an_ended_process_keeps_its_id_until_somebody_asked():
    process = python("pass")
    deadline = time.monotonic() + 20
    while psutil.Process(process.pid).status() != psutil.STATUS_ZOMBIE:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    assert process.wait(20) == 0


def test_a_process_is_interrupted_frozen_and_killed():
    with python("import time; print(1, flush=True); time.sleep(30)", stdout=subprocess.PIPE) as process:
        process.stdout.readline()
        sigstop(process.pid)
        assert process.poll() is None
        process.send_signal(signal.SIGCONT)
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == -signal.SIGINT
    with python("import time; time.sleep(30)") as process:
        process.kill()
        assert process.wait(20) == -signal.SIGKILL


def test_files_are_handed_on_under_their_numbers():
    ours, theirs = os.pipe()
    with os.fdopen(ours) as reading, os.fdopen(theirs, "w") as writing:
        program = "import os, sys; os.write(int(sys.argv[1]), b'here')"
        with python(program, str(writing.fileno()), pass_fds=[writing.fileno()]) as process:
            assert process.wait(20) == 0
        writing.close()
        assert reading.read() == "here"


def test_another_program_than_this_python_is_refused():
    with pytest.raises(ProcessError, match="'nginx' is not this Python"):
        popen(["nginx"])
