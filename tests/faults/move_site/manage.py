"""The site's commands; STRANGLER_TEST_KILL names a moment at which the process kills itself: `before flip`."""

import os
import signal
import sys
from functools import partial


def kill(moment, step, when):
    if f"{when} {step}" == moment:
        os.kill(os.getpid(), signal.SIGKILL)


def main():
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.faults.move_site.settings"
    import django  # noqa: PLC0415

    django.setup()
    from strangler.move import reversing, switching  # noqa: PLC0415

    verb, service, moment = sys.argv[1:4]
    operation = {"switch": switching.switch, "reverse": reversing.reverse}[verb]
    operation(service, actor="tests", watch=partial(kill, moment))


if __name__ == "__main__":
    main()
