"""What the process that forks does with libraries that are not there."""

from django.core.exceptions import ImproperlyConfigured

from strangler.testing import forking


def test_a_library_and_a_driver_that_are_missing_are_left_out(monkeypatch):
    asked = []

    def refuse(name):
        asked.append(name)
        raise ImproperlyConfigured if name.startswith("django.db") else ModuleNotFoundError

    monkeypatch.setattr(forking, "import_module", refuse)
    forking.load_libraries("more")
    assert asked == [*forking.LIBRARIES, "more"]
