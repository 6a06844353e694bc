"""Who comes in: what the entrance refuses before any route is run."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from starlette.requests import Request

from api.entrance import known
from api.refusing import UnauthorisedError


@pytest.mark.parametrize("headers", [[], [(b"authorization", b"Bearer plt_x")]])
def test_nobody_comes_in_to_a_ledger_that_is_not_there(headers: list[tuple[bytes, bytes]]) -> None:
    """With the words for a token that is none, so that nobody learns which ledgers there are."""
    app = SimpleNamespace(state=SimpleNamespace(served={}))
    request = Request({"type": "http", "headers": headers, "app": app})
    with pytest.raises(UnauthorisedError, match="a valid token for this ledger is needed"):
        known(request, "default")
