"""Private servers for the tests: found, started on free ports in temporary folders, and stopped.

``catalogue`` knows what can be started and which package brings it; it needs only the standard library, so
that ``make test`` can ask it before anything is installed. ``processes`` starts and stops them;
``python -m tests.servers mariadb -- COMMAND`` runs a command with ``DATABASE_URL`` set to a private server.
"""
