"""The gaps that those who serve leave to the background."""

import threading
import time

from strangler.shadow.gaps import wait_for_gap


def test_a_process_that_waits_leaves_a_gap():
    assert wait_for_gap(5)


def test_one_that_computes_leaves_none_and_is_not_waited_for_longer_than_said():
    is_over = threading.Event()

    def compute():
        while not is_over.is_set():
            sum(range(1_000))

    thread = threading.Thread(target=compute)
    thread.start()
    try:
        began = time.monotonic()
        assert not wait_for_gap(0.05)
        assert time.monotonic() - began >= 0.05
    finally:
        is_over.set()
        thread.join()


def test_the_gap_is_found_when_the_computing_ends():
    ends_at = time.monotonic() + 0.1

    def compute():
        while time.monotonic() < ends_at:
            sum(range(1_000))

    thread = threading.Thread(target=compute)
    thread.start()
    try:
        assert wait_for_gap(10)
        assert time.monotonic() >= ends_at
    finally:
        thread.join()
