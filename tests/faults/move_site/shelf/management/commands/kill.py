"""`manage.py kill switch "before flip"`: switch or reverse, and end by SIGKILL at that moment."""

import os
import signal

from django.core.management.base import BaseCommand

from strangler.move import reversing, switching

OPERATIONS = {"switch": switching.switch, "reverse": reversing.reverse}


class Command(BaseCommand):
    def add_arguments(self, parser):
        parser.add_argument("verb", choices=OPERATIONS)
        parser.add_argument("moment")

    def handle(self, *, verb, moment, **_options):
        def watch(step, when):
            if f"{when} {step}" == moment:
                os.kill(os.getpid(), signal.SIGKILL)

        OPERATIONS[verb]("images", actor="tests", watch=watch)
