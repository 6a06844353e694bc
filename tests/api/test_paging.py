"""Addresses that headers tell."""

from __future__ import annotations

from starlette.requests import Request

from api.paging import next_page, own_address


def _asked(path: str, query: str) -> Request:
    scope = {"type": "http", "method": "GET", "path": path, "headers": []}
    return Request(scope | {"query_string": query.encode()})


def test_the_address_of_a_page_fits_into_a_header_whatever_it_is_of() -> None:
    """A control's id is its catalogue's; a stream's name may hold what addresses mean."""
    request = _asked("/v1/own/compliance/OURS/é 100% ?#日", "service=%E6%97%A5&team=a&team=b")
    told = own_address(request)
    path, _, query = told.partition("?")
    assert path == "/v1/own/compliance/OURS/%C3%A9%20100%25%20%3F%23%E6%97%A5"
    assert query == "service=%E6%97%A5&team=a&team=b"
    assert own_address(_asked("/v1/own/streams/line/a@b", "")) == "/v1/own/streams/line/a@b"


def test_the_next_page_is_asked_for_once() -> None:
    """Fields that turn the page take the place of those that were asked for."""
    told = next_page(_asked("/v1/own/entries", "after=2&tag=a%3Ab&limit=2"), after=4)
    assert told == '</v1/own/entries?tag=a%3Ab&limit=2&after=4>; rel="next"'
