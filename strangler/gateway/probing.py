"""Ask a running server for the version of the configuration that it runs with."""

from __future__ import annotations

from datetime import timedelta

import urllib3

from strangler.gateway.stamp import Stamp

TIMEOUT = timedelta(seconds=2)
LONGEST_ANSWER = 200


def running_stamp(url: str) -> Stamp | None:
    """Return the version that the server at *url* says; None where nobody answers, or something else."""
    try:
        # A connection for each question: a kept one would go on asking a worker of before a reload.
        with urllib3.PoolManager(retries=False, timeout=TIMEOUT.total_seconds()) as pool:
            answer = pool.request("GET", url, headers={"Connection": "close"})
            return Stamp.find(answer.data[:LONGEST_ANSWER].decode("latin-1"))
    except urllib3.exceptions.HTTPError:
        return None
