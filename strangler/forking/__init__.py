"""Processes of Python that are forked from one with the libraries loaded, instead of started: an import takes longer than a fork.

For the tests, and for `strangler up --fork`; nothing here is for production.

forker, popen, run   a process that forks for this one, and what `subprocess` offers, done by it
├── server           what that process does; it opens no connection and starts no thread
└── python           what of a command line is a program of this Python, with the words it gets
"""

from strangler.forking.client import Forked, Forker, completed, forker, popen, run, start_forker
from strangler.forking.python import Program, read_program

__all__ = [
    "Forked",
    "Forker",
    "Program",
    "completed",
    "forker",
    "popen",
    "read_program",
    "run",
    "start_forker",
]
