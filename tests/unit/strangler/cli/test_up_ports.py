import socket
from types import MappingProxyType

import pytest

from strangler.cli.up import ports
from strangler.cli.up.members import Member
from strangler.errors import ConfigurationError, ProcessError


def member(name, port):
    return Member(
        name=name,
        variable=f"{name.upper()}_URL",
        url="http://h:{port}",
        port=port,
        processes=MappingProxyType({}),
    )


MONOLITH, IMAGES = member("monolith", 8000), member("images", 8001)


def assign(*members, wanted=None, environ=None, taken=()):
    return ports.assign(
        members, wanted=wanted or {}, environ=environ or {}, is_free=lambda port: port not in taken
    )


def test_everybody_gets_the_usual_port_when_it_is_free():
    assert assign(MONOLITH, IMAGES) == {"monolith": 8000, "images": 8001}


def test_a_taken_usual_port_gives_way_to_the_next_free_one_and_nobody_shares():
    assert assign(MONOLITH, IMAGES, taken={8000}) == {"monolith": 8001, "images": 8002}


def test_a_wanted_port_comes_before_anybodys_usual_one():
    assert assign(MONOLITH, IMAGES, wanted={"images": 8000}) == {"images": 8000, "monolith": 8001}


def test_a_wanted_port_that_is_taken_is_an_error_that_names_port_and_option():
    with pytest.raises(ProcessError, match=r"Port 9000, wanted by images, is taken.*--port images=PORT"):
        assign(MONOLITH, IMAGES, wanted={"images": 9000}, taken={9000})


def test_one_port_wanted_twice_is_an_error_that_names_both():
    with pytest.raises(ProcessError, match="Port 9000 is wanted by monolith and by images"):
        assign(MONOLITH, IMAGES, wanted={"monolith": 9000, "images": 9000})


def test_a_port_wanted_for_somebody_who_does_not_start_is_not_looked_at():
    assert assign(IMAGES, wanted={"monolith": 8000}, taken={8000}) == {"images": 8001}


def test_when_no_port_is_left_it_says_so():
    with pytest.raises(ProcessError, match="No port from 65535 on is free"):
        assign(member("last", 65535), taken={65535})


def test_a_port_somebody_listens_on_is_not_free():
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert not ports.is_free(port)
    assert ports.is_free(port)


def test_port_options_are_read():
    assert ports.parse(["monolith=8080", "valkey=7000"]) == {"monolith": 8080, "valkey": 7000}


@pytest.mark.parametrize(
    "text", ["8080", "monolith", "monolith=", "=8080", "monolith=http", "monolith=0", "a=65536"]
)
def test_a_port_option_of_another_form_is_refused_with_an_example(text):
    with pytest.raises(ConfigurationError, match=r"is not NAME=PORT.*--port monolith=8080"):
        ports.parse([text])
