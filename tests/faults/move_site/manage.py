"""The site's commands, each in a process of its own that is forked from one that has Django loaded already.

Lines of JSON come in, `{"argv": […], "output": path}`, and go out, `{"code": …}`. A first argument `kill` runs a switch or reverse
that kills itself at a moment: `["kill", "switch", "before flip"]`.
"""

import json
import os
import signal
import sys
from functools import partial


def kill(moment, step, when):
    if f"{when} {step}" == moment:
        os.kill(os.getpid(), signal.SIGKILL)


def run(argv):
    if argv[0] == "kill":
        from strangler.move import reversing, switching  # noqa: PLC0415

        operation = {"switch": switching.switch, "reverse": reversing.reverse}[argv[1]]
        operation("images", actor="tests", watch=partial(kill, argv[2]))
        return
    from django.core.management import execute_from_command_line  # noqa: PLC0415

    execute_from_command_line(["manage.py", *argv])


def fork(argv, output):
    """Run one command in a child, and return how it ended, as subprocess says it."""
    child = os.fork()
    if child:
        _, status = os.waitpid(child, 0)
        return -os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.waitstatus_to_exitcode(status)
    file = os.open(output, os.O_WRONLY | os.O_APPEND)
    os.dup2(file, 1)
    os.dup2(file, 2)
    code = 1
    try:
        run(argv)
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:  # noqa: BLE001 - the child ends here, and nobody above it may go on
        sys.excepthook(*sys.exc_info())
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def main():
    import django  # noqa: PLC0415

    django.setup()
    for line in sys.stdin:
        sys.stdout.write(json.dumps({"code": fork(**json.loads(line))}) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
