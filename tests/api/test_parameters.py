"""What no route reads of a query is refused by all of them alike, and said by name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pytest

from tests.api.doors import ROWS

if TYPE_CHECKING:
    import httpx

    from tests.api.doors import Doors

WEBHOOKS: Final = "POST /v1/{ledger}/intake/{source}"
PROBES: Final = ("GET /healthz", "GET /readyz")
CHECKED: Final = [row for row in ROWS if row not in {WEBHOOKS, *PROBES}]
UNKNOWN: Final = "there is no such parameter here"


def _answer(doors: Doors, row: str, query: str) -> httpx.Response:
    who = "operator" if "operator" in ROWS[row] or ROWS[row] == ("own", "proof") else "nobody"
    path = doors.path_of(row)
    return doors.knock(row, who, url=f"{path}?{query}", params=None)[who]


def _described(doors: Doors) -> dict[str, dict[str, bool]]:
    """By route, the parameters that are described, and whether each is a list."""
    paths = doors.app.openapi()["paths"]
    return {
        row: {
            one["name"]: "'array'" in str(one["schema"])
            for one in paths[path][method.lower()].get("parameters", []) if one["in"] == "query"
        }
        for row in ROWS
        for method, path in [row.replace(":path}", "}").split()]
        if path in paths
    }  # fmt: skip


@pytest.mark.parametrize("row", CHECKED)
def test_a_parameter_that_a_route_does_not_know_is_refused(doors: Doors, row: str) -> None:
    """A typo must not widen the answer; an empty one is one, too."""
    for query in ("tagg=x", "tagg="):
        answer = _answer(doors, row, query)
        assert answer.status_code == 400, answer.text[:200]
        if row.startswith("HEAD "):
            continue
        assert "query tagg" in answer.text
        assert UNKNOWN in answer.text


def test_every_parameter_that_is_described_is_known(doors: Doors) -> None:
    """What the description of the interface says of a route can be asked of it."""
    for row, parameters in _described(doors).items():
        answer = _answer(doors, row, "&".join(f"{name}=x" for name in parameters))
        assert UNKNOWN not in answer.text, row


def test_none_of_two_values_is_taken_in_silence(doors: Doors) -> None:
    """Those of a list are all read."""
    told = {name: (row, many) for row, names in _described(doors).items()
            for name, many in names.items()}  # fmt: skip
    assert {name for name, (_, many) in told.items() if many} == {"framework", "tag", "type"}
    for name, (row, many) in told.items():
        answer = _answer(doors, row, f"{name}=x&{name}=x")
        assert ("given 2 times" in answer.text) is not many, (row, name)
        assert many or answer.json()["place"] == f"query {name}"


@pytest.mark.parametrize(
    "row", [row for row in ROWS if "/console/{ledger}/" in row and "{position}" not in row]
)
def test_a_page_takes_a_field_of_its_form_once(doors: Doors, row: str) -> None:
    """As the interface does."""
    answer = _answer(doors, row, "known_at=1&known_at=2")
    assert answer.status_code == 400
    assert "query known_at" in answer.text
    assert "given 2 times" in answer.text


def test_who_mistypes_a_parameter_reads_the_nearest_ones(doors: Doors) -> None:
    """As a problem with its place; where nothing is near, all that there are."""
    entries = "GET /v1/{ledger}/entries"
    problem = _answer(doors, entries, "tagg=x").json()
    assert problem == {
        "type": "about:blank", "title": "Bad Request", "status": 400, "place": "query tagg",
        "detail": f"{UNKNOWN}; the nearest: tag",
    }  # fmt: skip
    far = _answer(doors, "GET /v1/{ledger}/log/consistency", "zzz=1").json()
    assert far["detail"] == f"{UNKNOWN}; there are from, to"
    none = _answer(doors, "GET /v1/{ledger}/keys", "zzz=1").json()
    assert none["detail"] == f"{UNKNOWN}, nor any other"
    long = _answer(doors, entries, f"{'z' * 5000}=1").json()
    assert len(long["place"]) < 200


def test_a_delivery_may_bring_parameters_of_its_sender(doors: Doors) -> None:
    """It is asked for its proof, whatever stands in its address."""
    answer = _answer(doors, WEBHOOKS, "user_id=ada&user_key=ada&user_id=eve")
    assert answer.status_code == 401


@pytest.mark.parametrize("row", PROBES)
def test_a_probe_may_bring_parameters_of_its_tool(doors: Doors, row: str) -> None:
    """A refusal would read as a server that is gone."""
    assert _answer(doors, row, "verbose=&verbose=1").status_code == 200
