"""Whatever stands in events: every table can be asked for, and comes in every form."""

from __future__ import annotations

import io
import json
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import msgspec
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from api.tables import ARROW, CSV, PARQUET, write_table
from domain.events import TYPES
from domain.events.examples import example
from projections import contract
from projections.answer import rows_of
from projections.asked_controls import asked_tests
from projections.catalogue import built_in
from projections.definitions import definitions
from tests.projections.story import Story, viewing
from tests.projections.telling import only, window

if TYPE_CHECKING:
    from projections.engine import View

ASKED: Final = [
    *(name for name in contract.names() if name in definitions()),
    "dora", "mttr", "comparison", "window_gaps",
]  # fmt: skip
CONTROLS: Final = asked_tests(built_in())
EXAMPLES: Final = {
    kind.versioned.removeprefix("pipeledger.").removesuffix(".v1"): example(kind)["data"]
    for kind in TYPES.values()
}
TIMES: Final = [
    "0001-01-01T00:00:00Z", "0001-01-01T00:00:00+14:00", "0000-12-31T23:59:59Z",
    "9999-12-31T23:59:59.999999Z", "9999-12-31T23:59:59-12:00", "12026-01-01T00:00:00Z",
    "infinity", "-infinity", "epoch", "0044-03-15 (BC)", "2026-03-05t10:00:00z", "2026-03-05",
    "1970-01-01T00:00:00.000000001Z", "294247-01-10T04:00:54Z", "",
]  # fmt: skip
VALUES: Final[list[Any]] = [
    None, [], {}, [None], [[]], [{}], "", " ", "@", "a" * 5000, "\x00", "%s'\"; --", True, False,
    0, -1, 1, 2**31, 2**63 - 1, -(2**63), 2**63, 10**40, 0.5, 1e308, -1e-308,
    ["x", "x", None, ""], {"": None}, {"high": 2**63 - 1, "low": 2**63 - 1}, [{"sha": None}],
    [{"digest": 1}, {"digest": None}], [2**63 - 1, 0], *TIMES,
]  # fmt: skip


def odd(kind: str) -> st.SearchStrategy[tuple[str, dict[str, Any]]]:
    """An event of a type of which some fields are missing or strange."""
    data = EXAMPLES[kind]
    value = st.sampled_from(VALUES)
    return st.builds(
        lambda time, gone, changed: (kind, {
            "specversion": "1.0", "id": "e", "source": "https://ci.example", "time": time,
            "data": {key: one for key, one in data.items() if key not in gone} | changed,
        }),
        st.sampled_from([*TIMES, *["2026-03-05T10:00:00Z"] * 8]),
        st.lists(st.sampled_from(sorted(data)), max_size=3) if data else st.just([]),
        st.dictionaries(st.sampled_from(sorted(data) or ["x"]), value, max_size=4),
    )  # fmt: skip


masses: Final = st.lists(st.sampled_from(sorted(EXAMPLES)).flatmap(odd), min_size=20, max_size=120)


def told(mass: list[tuple[str, dict[str, Any]]]) -> Story:
    """A ledger that holds them, although no door would take most."""
    story = Story()
    for kind, event in mass:
        story.put(kind, json.dumps(event).encode())
    return story


def ask_all(view: View) -> None:
    """Ask for every table in every form."""
    for name in ASKED:
        table = view.table(name)
        msgspec.json.encode(rows_of(table))
        text = write_table(table, CSV)
        assert pa.csv.read_csv(io.BytesIO(text), parse_options=pa.csv.ParseOptions(
            newlines_in_values=True)).num_rows == table.num_rows  # fmt: skip
        assert pa.ipc.open_stream(write_table(table, ARROW)).read_all().equals(table)
        assert pq.read_table(io.BytesIO(write_table(table, PARQUET))).num_rows == table.num_rows


QUICK: Final = (Phase.explicit, Phase.reuse, Phase.generate)
"""Made smaller by hand: each try asks for every table."""


def ask_all_of(mass: list[tuple[str, dict[str, Any]]], group_by: str, tz: str) -> None:
    """Ask for every table over a mass of events."""
    with (
        tempfile.TemporaryDirectory() as folder,
        viewing(told(mass), Path(folder), group_by=group_by, tz=tz, controls=CONTROLS) as view,
    ):
        ask_all(view)


@given(mass=masses, group_by=st.sampled_from(["none", "team", "service", "repository"]))
@settings(max_examples=1, deadline=None, suppress_health_check=list(HealthCheck), phases=QUICK)
def test_every_table_can_be_asked_over_any_events(
    mass: list[tuple[str, dict[str, Any]]], group_by: str
) -> None:
    """In JSON, CSV, as an Arrow stream and as Parquet."""
    ask_all_of(mass, group_by, "Pacific/Kiritimati")


@pytest.mark.long
@pytest.mark.timeout(1500)
@given(mass=masses, group_by=st.sampled_from(["none", "team", "service", "repository"]))
@settings(max_examples=24, deadline=None, suppress_health_check=list(HealthCheck), phases=QUICK)
def test_every_table_can_be_asked_over_many_events(
    mass: list[tuple[str, dict[str, Any]]], group_by: str
) -> None:
    """The same, more often."""
    ask_all_of(mass, group_by, "America/Los_Angeles")


@pytest.mark.parametrize(
    ("started", "found"),
    [
        ("2026-03-05t10:00:00z", "2026-03-05T10:00:00Z"),
        ("2026-03-05T12:00:00.5+02:00", "2026-03-05T10:00:00.500000Z"),
        ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z"),
        ("9999-12-31T23:59:59Z", "9999-12-31T23:59:59Z"),
    ],
)
def test_an_instant_that_the_door_takes_is_told(tmp_path: Path, started: str, found: str) -> None:
    """However it is spelled, as far away as it may be."""
    story = Story()
    story.tell("incident.opened", "2026-03-05T11:00:00Z", incident="i", started_at=started)
    with window(story, tmp_path) as view:
        assert rows_of(view.table("incidents"))[0]["started_at"] == found


def test_an_instant_that_no_calendar_tells_is_none(tmp_path: Path) -> None:
    """In the place of one that came through no door; the row stands."""
    story = Story()
    for number, text in enumerate(("12026-01-01T00:00:00Z", "infinity", "0000-01-01T00:00:00Z")):
        data = {"incident": f"i{number}", "started_at": text}
        told = {"source": "s", "time": "2026-03-05T10:00:00Z", "data": data}
        story.put("incident.opened", json.dumps(told).encode())
    with window(story, tmp_path) as view:
        rows = rows_of(view.table("incidents"))
    assert [row["started_at"] for row in rows] == [None, None, None]


def test_sums_of_absurd_counts_do_not_fail(tmp_path: Path) -> None:
    """More than a number of the table can hold is not told."""
    story = Story()
    for number, counts in enumerate(({"high": 2**63 - 1, "low": 2**63 - 1}, {}, {"high": 2**70})):
        data = {"kind": "sast", "outcome": "success", "counts": counts, "run": f"r{number}"}
        told = {"source": "s", "time": "2026-03-05T10:00:00Z", "data": data}
        story.put("scan.finished", json.dumps(told).encode())
    with window(story, tmp_path) as view:
        assert view.table("scans")["found"].to_pylist() == [None, None, None]


def test_what_names_no_service_and_no_environment_is_listed_and_not_counted(
    tmp_path: Path,
) -> None:
    """A deployment of nothing is of no line."""
    story = Story()
    changes: list[dict[str, Any]] = [{"service": None}, {"environment": None}, {"artifacts": []}]
    for gone in changes:
        data = {"deployment": "d", "service": "shop", "environment": "production",
                "outcome": "success"} | gone  # fmt: skip
        told = {"source": "s", "time": "2026-03-05T10:00:00Z", "data": data}
        story.put("deployment.finished", json.dumps(told).encode())
    with window(story, tmp_path) as view:
        assert only(view, "dora")["counted"] == 1
