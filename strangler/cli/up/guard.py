"""Kill what `strangler up` started when it is gone, even by SIGKILL: `python guard.py`.

Standard input carries `+PID` when a process group starts and `-PID` when it has ended. At the end of the input,
which comes with the end of the supervisor however it ended, every group that is left gets SIGTERM and then SIGKILL.
Only the standard library is imported: this must start at once and never fail.
"""

import os
import signal
import sys
import time

GRACE_SECONDS = 5.0


def signal_group(group: int, number: int) -> bool:
    """Send signal *number* to all processes of *group*; tells whether any was there."""
    try:
        os.killpg(group, number)
    except (ProcessLookupError, PermissionError):  # macOS says PermissionError of a group of zombies
        return False
    return True


def main() -> None:
    """Follow standard input to its end, then clean up."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    groups = set()
    for line in sys.stdin:
        if line.startswith("+"):
            groups.add(int(line[1:]))
        else:
            groups.discard(int(line[1:]))
    groups = {group for group in groups if signal_group(group, signal.SIGTERM)}
    deadline = time.monotonic() + GRACE_SECONDS
    while groups and time.monotonic() < deadline:
        time.sleep(0.05)
        groups = {group for group in groups if signal_group(group, 0)}
    for group in groups:
        signal_group(group, signal.SIGKILL)


if __name__ == "__main__":
    main()
