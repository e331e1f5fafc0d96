"""What the service resolves is what was matched."""

from urllib.parse import quote, unquote_to_bytes

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strangler.facade.target import is_plain, raw_path_of, request_target

segments = st.text(st.characters(codec="utf-8"), max_size=12)
paths = st.lists(segments, max_size=4).map(lambda parts: "/" + "/".join(parts))


@given(path=paths, raw_path=st.text(max_size=30), query=st.text(max_size=20))
def test_the_target_always_decodes_to_the_matched_path(path, raw_path, query):
    target = request_target(path, raw_path=raw_path, query=query)
    assert unquote_to_bytes(target.partition("?")[0]) == path.encode()


@given(path=paths, raw_path=st.text(max_size=30), query=st.text(max_size=20))
def test_the_target_is_one_line_of_visible_ascii_in_origin_form(path, raw_path, query):
    target = request_target(path, raw_path=raw_path, query=query)
    assert target.startswith("/")
    assert all("!" <= character <= "~" for character in target)


@given(paths)
def test_a_raw_path_that_says_the_same_is_kept(path):
    raw_path = quote(path, safe="/")
    assert request_target(path, raw_path=raw_path, query="") == raw_path


@pytest.mark.parametrize(
    ("path", "raw_path", "expected"),
    [
        ("/photos/1/", "/photos/%31/", "/photos/%31/"),
        ("/photos/a/b/", "/photos/a%2Fb/", "/photos/a%2Fb/"),
        ("/photos/1/", "/admin/", "/photos/1/"),
        ("/photos/1/", "http://evil.example/", "/photos/1/"),
        ("/photos/1/", "", "/photos/1/"),
        ("/photos/%E4/", "/photos/%E4/", "/photos/%25E4/"),
        ("/photos/ä?#/", "", "/photos/%C3%A4%3F%23/"),
    ],
)
def test_a_raw_path_that_says_something_else_is_written_anew(path, raw_path, expected):
    assert request_target(path, raw_path=raw_path, query="") == expected


def test_the_query_stays_as_it_was_sent():
    assert request_target("/a", raw_path="/a", query="x=%2F&y=a+b&z") == "/a?x=%2F&y=a+b&z"


def test_the_path_of_the_base_url_comes_first():
    assert request_target("/a", raw_path="/a", query="", base="/images") == "/images/a"


@pytest.mark.parametrize("path", ["/a/../b", "/..", "/./a", "/a/.", "/a/..", "/a\0b"])
def test_a_path_that_a_server_behind_might_resolve_is_not_matched(path):
    assert not is_plain(path)


@pytest.mark.parametrize("path", ["/", "/a//b", "/.well-known/x", "/a/..b/c...", "/a.b/"])
def test_other_paths_may_be_matched(path):
    assert is_plain(path)


@pytest.mark.parametrize(
    ("uri", "script_name", "expected"),
    [
        ("/a/b?c=/d#e", "", "/a/b"),
        ("http://shop.example/a?b", "", "/a"),
        ("/shop/a", "/shop", "/a"),
        ("//a/b", "", "//a/b"),
    ],
)
def test_the_raw_path_is_taken_from_any_request_line(uri, script_name, expected):
    assert raw_path_of(uri, script_name=script_name) == expected
