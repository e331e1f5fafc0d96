"""The pytest plugin: fixtures, the mark `side_by_side`, and options. Loaded by every test run beside which the distribution is installed.

So it imports nothing of Django before a test asks for a fixture of it; where nobody does, it costs nothing.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from strangler.errors import StranglerError
from strangler.testing import options

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Sequence
    from contextlib import AbstractContextManager

    from strangler.testing.both import BothSides, SideClient
    from strangler.testing.corpus import Characterization
    from strangler.testing.counting import ServiceCalls
    from strangler.testing.legacy import LegacyClient
    from strangler.testing.service import ServiceClient
    from strangler.testing.services import Services

MARK = "side_by_side"
_services = pytest.StashKey["Services"]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare the options."""
    options.add(parser)


def pytest_configure(config: pytest.Config) -> None:
    """Declare the mark."""
    text = (
        f"{MARK}(seam, *, rules=()): run the test for legacy and for the service, and fail where they differ."
    )
    config.addinivalue_line("markers", text)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a marked test for each side, and a test of the corpus for each capture."""
    mark = metafunc.definition.get_closest_marker(MARK)
    if mark is not None:
        _check_seam(mark, metafunc.function.__name__)
    if mark is not None and "side" in metafunc.fixturenames:
        metafunc.parametrize("side", options.SIDES, indirect=True)
    if "strangler_corpus" in metafunc.fixturenames:
        metafunc.parametrize("strangler_corpus", _captures(metafunc.config), indirect=True)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup(item: pytest.Item) -> Generator[None, None, None]:
    """Remember how far the logs of services are."""
    services = item.session.stash.get(_services, None)
    if services is not None:
        services.mark()
    yield


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show with a failure what the services wrote meanwhile."""
    report = yield
    services = item.session.stash.get(_services, None)
    if report.failed and services is not None:
        report.sections += [(f"Log of service {name}", text) for name, text in services.logs().items()]
    return report


@pytest.fixture(scope="session")
def strangler_services(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Services]:
    """Return the services of this session; each is started when it is first asked, and stopped at the end."""
    from strangler.testing.services import Services  # noqa: PLC0415 - see the module

    made = Services(
        options.services(request.config),
        root=request.config.rootpath,
        folder=tmp_path_factory.mktemp("strangler-services"),
        environment=options.environment(request.config),
        is_web=options.is_web(request.config),
    )
    request.session.stash[_services] = made
    yield made
    made.close()


@pytest.fixture
def legacy(db: None) -> LegacyClient:  # noqa: ARG001 - what is asked for the test's database
    """Return the client of the monolith, in this process: an Observation for each request, of which nothing stays."""
    from strangler.testing.legacy import LegacyClient  # noqa: PLC0415

    return LegacyClient()


@pytest.fixture
def service(strangler_services: Services) -> ServiceClient:
    """Return the client of the services: the one of the seam that a request comes to answers it."""
    from strangler.testing.service import ServiceClient  # noqa: PLC0415

    return ServiceClient(strangler_services)


@pytest.fixture
def both_sides(request: pytest.FixtureRequest, legacy: LegacyClient, service: ServiceClient) -> BothSides:
    """Return the client of both sides: an Exchange for each request; of the marked seam where there is a mark."""
    from strangler.testing.both import BothSides  # noqa: PLC0415

    mark = request.node.get_closest_marker(MARK)
    seam, rules = _read_mark(mark) if mark is not None else ("", ())
    return BothSides(legacy, service, seam=seam, rules=rules)


@pytest.fixture
def side(request: pytest.FixtureRequest, both_sides: BothSides, legacy: LegacyClient) -> SideClient:
    """Return the client of a test that is marked `side_by_side`, in its run for one side."""
    from strangler.core.decision import Side  # noqa: PLC0415
    from strangler.testing.both import SideClient  # noqa: PLC0415

    if not hasattr(request, "param"):
        message = (
            f"The fixture `side` is for tests with @pytest.mark.{MARK}(seam); without it use `both_sides`."
        )
        raise pytest.UsageError(message)
    return SideClient(Side(request.param), both=both_sides, legacy=legacy)


@pytest.fixture
def strangler_corpus(
    request: pytest.FixtureRequest,
    db: None,  # noqa: ARG001 - as above
    strangler_services: Services,
) -> Characterization:
    """Return one capture of the corpus, to be checked against a side: the test runs once for each."""
    from strangler.core.decision import Side  # noqa: PLC0415
    from strangler.testing.corpus import Characterization  # noqa: PLC0415

    side = Side(request.config.getoption("strangler_side"))
    return Characterization(request.param, side=side, services=strangler_services)


@pytest.fixture
def assert_service_calls(
    request: pytest.FixtureRequest,
) -> Callable[..., AbstractContextManager[ServiceCalls]]:
    """Return a block that fails when it calls services too often or too long: `max`, `within`."""
    from strangler.testing.counting import assert_service_calls as counting  # noqa: PLC0415

    services = request.session.stash.get(_services, None)
    return partial(counting, urls=services.urls() if services is not None else {})


def _read_mark(mark: pytest.Mark) -> tuple[str, Sequence[Any]]:
    """Return the seam and the rules of a mark; raises UsageError."""

    def read(seam: str, *, rules: Sequence[Any] = ()) -> tuple[str, Sequence[Any]]:
        return seam, rules

    try:
        return read(*mark.args, **mark.kwargs)
    except TypeError as error:
        message = f"Write @pytest.mark.{MARK}('seam', rules=[...]): {error}"
        raise pytest.UsageError(message) from None


def _check_seam(mark: pytest.Mark, test: str) -> None:
    """Refuse a mark of a seam that is not there, before anything is started."""
    from strangler.testing.differing import parse_rules  # noqa: PLC0415
    from strangler.testing.questions import find_seam  # noqa: PLC0415

    seam, rules = _read_mark(mark)
    try:
        find_seam(seam)
        parse_rules(rules)
    except StranglerError as error:
        message = f"{test}: {error}"
        raise pytest.UsageError(message) from None


def _captures(config: pytest.Config) -> list[Any]:
    paths = options.corpora(config)
    if not paths:
        reason = "there is no corpus: name one with --strangler-corpus or strangler_corpus in the ini file"
        return [pytest.param(None, id="none", marks=pytest.mark.skip(reason))]
    from strangler.testing.corpus import id_of, read_captures  # noqa: PLC0415

    try:
        found = read_captures(paths)
    except StranglerError as error:
        raise pytest.UsageError(str(error)) from None
    return [pytest.param(capture, id=id_of(capture)) for capture in found]
