"""Older names of tasks."""

from strangler.core.aliases import answer_to


def test_a_task_answers_to_its_older_names_and_stays_the_last():
    tasks = {"new": "work", "other": "x"}
    answer_to(tasks, ["old", "older"], task="new")
    answer_to(tasks, ["old", "older"], task="new")
    assert tasks == {"other": "x", "old": "work", "older": "work", "new": "work"}
    assert list(tasks)[-1] == "new"


def test_a_name_that_has_a_task_of_its_own_keeps_it():
    tasks = {"new": "work", "old": "adapter"}
    answer_to(tasks, ["old"], task="new")
    assert tasks["old"] == "adapter"


def test_a_task_that_is_not_there_gets_no_names():
    tasks = {}
    answer_to(tasks, ["old"], task="new")
    assert tasks == {}
