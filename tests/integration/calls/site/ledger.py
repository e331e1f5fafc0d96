"""What the workers did, one line per execution: side, task, job. Appended by many processes at once."""

import os


def write(side: str, task: str, job: str) -> None:
    """Add a line; short appends of several processes do not mix."""
    descriptor = os.open(os.environ["SITE_LEDGER"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    try:
        os.write(descriptor, f"{side} {task} {job}\n".encode())
    finally:
        os.close(descriptor)
