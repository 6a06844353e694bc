"""The parts of making an answer again, beside what the server does: two codes that must agree.

Long since each part that is done twice has its case here.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeledger.recompute import steps
from pipeledger.recompute.comparison import compare
from pipeledger.recompute.controls import not_asked
from pipeledger.recompute.definitions import VOIDS, Definitions, read_definition
from pipeledger.recompute.documents import DOCUMENTS, document_rows, documents_in
from pipeledger.recompute.question import PARAMETERS, parameters_of, selections_of
from pipeledger.recompute.reading import Rows
from pipeledger.recompute.rows import COLUMNS, Batch, event_rows
from pipeledger.recompute.sandbox import Sandbox
from pipeledger.verifier.entry import parse_entry
from pipeledger.verifier.tree import leaf_hashes
from pipeledger.verifier.wire import UncheckedError, UnsoundError
from projections import contract
from projections.containment import contained, containing
from projections.definitions import definitions, digest_of
from projections.parameters import Parameters
from projections.picking import picked
from projections.selection import Selection
from tests.projections.story import Story
from tests.projections.test_strange import TIMES

if TYPE_CHECKING:
    from collections.abc import Callable

    from pipeledger.verifier.entry import Entry

WHEN = "2026-03-01T10:00:00Z"


def _rows(story: Story) -> pa.Table:
    read = story.read()
    batch = Batch(*(read[name].to_pylist() for name in ("entry", "salt", "body")))
    parsed = [parse_entry(raw) for raw in batch.entries]
    return event_rows(parsed, leaf_hashes(batch.entries), batch)


def test_rows_of_entries_are_those_that_the_server_makes() -> None:
    """Every column of the contract, from instants of several spellings and a redacted event."""
    story = Story()
    for number, time in enumerate(
        [WHEN, "2026-03-01T11:00:00.123456789+02:00", "0001-01-01T00:00:00Z"]
    ):
        story.tell(
            "deployment.finished", time, deployment=f"d-{number}", service="sh\u00f6p",
            environment="production", outcome="success", time_basis="source",
            artifact={"digest": "sha256:" + "a" * 64}, commit="c" * 40,
        )  # fmt: skip
    story.tell("incident.opened", WHEN, incident="i", service="shop")
    story.redact(2)
    read = story.read()
    batch = Batch(*(read[name].to_pylist() for name in ("entry", "salt", "body")))
    rows = event_rows(
        [parse_entry(raw) for raw in batch.entries], leaf_hashes(batch.entries), batch
    )
    events = story.rows().events
    assert set(COLUMNS.names) == set(contract.table("events").arrow.names)
    for name in COLUMNS.names:
        assert rows[name].to_pylist() == events[name].to_pylist(), name
        assert rows.schema.field(name).type == events.schema.field(name).type, name


_ODD = [
    b"", b"[]", b"\xff", b'{"data":7}', b'{"data":{"service":1,"commit":"c"}}', b'{"data":NaN}',
    b'{"data":{"artifact":"x"},"time":"yesterday"}', b'{"data":{"service":"\\ud800"}}',
    b'{"data":{"service":"s"},"time":"2026-02-30T00:00:00Z"}', b"[" * 100_000,
]  # fmt: skip


def test_an_event_that_is_none_has_the_same_fields_here_as_there() -> None:
    """Whatever bytes a plain recorder took."""
    story = Story()
    for body in _ODD:
        story.keep(body)
    read = story.read()
    batch = Batch(*(read[name].to_pylist() for name in ("entry", "salt", "body")))
    rows = event_rows(
        [parse_entry(raw) for raw in batch.entries], leaf_hashes(batch.entries), batch
    )
    events = story.rows().events
    for name in COLUMNS.names:
        assert rows[name].to_pylist() == events[name].to_pylist(), name


@pytest.mark.parametrize("time", [*TIMES, "2026-03-05T10:00Z", "2026-03-05 10:00:00Z"])
def test_an_instant_is_one_here_where_it_is_one_there(time: str) -> None:
    """Of whatever year and form, alone and among others."""
    for others in ([], [WHEN, "yesterday"]):
        story = Story()
        for text in (time, *others):
            story.keep(json.dumps({"time": text}).encode())
        assert _rows(story)["occurred_at"].equals(story.rows().events["occurred_at"])


def test_what_no_calendar_tells_is_no_instant_in_rows_that_are_made_again() -> None:
    """As in answers."""
    definition = read_definition(
        "far", "tables", "SELECT unnest([TIMESTAMPTZ 'infinity', TIMESTAMPTZ '0001-01-01']) AS at"
    )
    with Sandbox([definition], 1, parameters_of({"known_at": 1})) as sandbox:
        sandbox.finish()
        (far, first) = (row["at"] for row in sandbox.rows("FROM far"))
    assert (far, first.year) == (None, 1)


def _found(story: Story) -> tuple[list[Entry], pa.Table]:
    """The entries of a story, and their documents as the server reads them."""
    parsed = [parse_entry(raw) for raw in story.read()["entry"].to_pylist()]
    return parsed, story.snapshot().documents().tail


def test_rows_of_documents_are_those_that_the_server_makes() -> None:
    """Put together from them, compared with the entries, and taken apart again."""
    story = Story()
    story.tell("scan.finished", WHEN, outcome="success", found=[{"rule": "a"}, {"rule": "\u00fc"}])
    gone = story.tell("scan.finished", WHEN, outcome="success", found=[{"rule": "b"}])
    story.tell("scan.finished", WHEN, outcome="success", found=[])
    story.redact(gone, "findings")
    parsed, theirs = _found(story)
    assert DOCUMENTS.equals(contract.table("documents").arrow)
    assert document_rows(parsed, documents_in(theirs)).equals(theirs)
    assert theirs.filter(pc.is_null(theirs["text"]))["position"].to_pylist() == [gone]


def _changed(rows: pa.Table, name: str, at: int, value: object) -> pa.Table:
    values = rows[name].to_pylist()
    values[at] = value
    column = pa.array(values, rows.schema.field(name).type)
    return rows.set_column(rows.schema.get_field_index(name), rows.schema.field(name), column)


@pytest.mark.parametrize(
    ("name", "value"),
    [("text", '{"rule":"z"}'), ("text", None), ("line", 7), ("position", 2), ("part", "other"),
     ("salt", b"x" * 32)],
)  # fmt: skip
def test_a_document_that_was_altered_is_found(name: str, value: object) -> None:
    """Whatever is changed in its rows."""
    story = Story()
    story.tell("scan.finished", WHEN, outcome="success", found=[{"rule": "a"}])
    story.tell("incident.opened", WHEN, incident="i")
    parsed, rows = _found(story)
    with pytest.raises(UnsoundError, match="position"):
        document_rows(parsed, documents_in(_changed(rows, name, 0, value)))


nodes = st.integers(0, 12)


@settings(deadline=None)
@given(
    st.dictionaries(nodes, st.lists(nodes, max_size=3), max_size=12),
    st.lists(st.tuples(st.sampled_from("ab"), nodes, st.booleans(), nodes), max_size=12),
)
def test_our_walk_finds_what_the_server_s_finds(
    parents: dict[int, list[int]], deployed: list[tuple[str, int, bool, int]]
) -> None:
    """On any graph, circles among them, with lists and without; a deployment is of one line."""
    history = _history(parents)
    rows = [
        {"line": line, "repository": "r", "deployment_key": f"{line}{key // 4}",
         "commit": str(commit), "is_listed": is_listed}
        for line, commit, is_listed, key in deployed
    ]  # fmt: skip
    table = pa.Table.from_pylist(rows, _DEPLOYED)
    ours, theirs = steps.contained(table, history), contained(table, history)
    assert ours.schema == theirs.schema
    assert sorted(map(repr, ours.to_pylist())) == sorted(map(repr, theirs.to_pylist()))


@settings(deadline=None)
@given(st.lists(st.tuples(nodes, nodes), max_size=12))
def test_our_groups_of_picked_commits_are_the_server_s(links: list[tuple[int, int]]) -> None:
    """Whatever is linked with what."""
    table = pa.table(
        [[str(one) for one, _ in links], [str(other) for _, other in links]],
        pa.schema([("one", pa.string()), ("other", pa.string())]),
    )
    ours, theirs = steps.picked(table), picked(table)
    assert ours.schema == theirs.schema
    assert sorted(map(repr, ours.to_pylist())) == sorted(map(repr, theirs.to_pylist()))


@settings(deadline=None)
@given(
    st.lists(nodes, max_size=4),
    st.dictionaries(nodes, st.lists(nodes, max_size=3), max_size=12),
    st.lists(st.tuples(st.sampled_from("ab"), nodes), max_size=12),
)
def test_our_walk_forward_finds_what_the_server_s_finds(
    seeds: list[int], parents: dict[int, list[int]], deployed: list[tuple[str, int]]
) -> None:
    """From a few commits to what descends from them."""
    rows = [
        {"line": line, "deployment_key": f"d{at}", "commit": str(commit)}
        for at, (line, commit) in enumerate(deployed)
    ]
    given_ = (
        pa.table({"commit": pa.array([str(one) for one in seeds], pa.string())}),
        _history(parents),
        pa.Table.from_pylist(rows, pa.schema([_DEPLOYED.field(at) for at in (0, 2, 3)])),
    )
    ours, theirs = steps.containing(*given_), containing(*given_)
    assert ours.schema == theirs.schema
    assert sorted(map(repr, ours.to_pylist())) == sorted(map(repr, theirs.to_pylist()))


def _history(parents: dict[int, list[int]]) -> pa.Table:
    return pa.table(
        {"commit": [str(one) for one in parents],
         "parents": [[str(each) for each in of] for of in parents.values()]},
        pa.schema([("commit", pa.string()), ("parents", pa.list_(pa.string()))]),
    )  # fmt: skip


_DEPLOYED = pa.schema([
    ("line", pa.string()), ("repository", pa.string()), ("deployment_key", pa.string()),
    ("commit", pa.string()), ("is_listed", pa.bool_()),
])  # fmt: skip


def _all() -> Definitions:
    return Definitions({
        name: read_definition(name, one.layer, one.text) for name, one in definitions().items()
    })  # fmt: skip


@pytest.mark.parametrize("name", sorted(definitions()))
def test_a_definition_needs_and_weighs_here_what_it_does_there(name: str) -> None:
    """The order, and the digest over it and all that it needs."""
    assert _all().digest([name]) == digest_of([name])
    one = _all().known[name]
    assert tuple(sorted(one.reads & definitions().keys() - {name})) == tuple(
        sorted(definitions()[name].needs)
    )


def test_what_counts_no_more_is_part_of_every_digest() -> None:
    """No definition names it, and who alters it alters every number."""
    known = dict(_all().known)
    altered = "SELECT * FROM events WHERE false"
    known[VOIDS] = read_definition(VOIDS, "facts", altered)
    for name in ("dora", "deployment_facts"):
        assert Definitions(known).digest([name]) != digest_of([name])


def test_every_step_has_an_implementation_here() -> None:
    """Of our own."""
    called = {one.function for one in _all().known.values() if one.layer == "steps"}
    assert called <= steps.STEPS.keys()


def test_parameters_are_those_of_the_server() -> None:
    """Those that an answer leaves open too."""
    for chosen in (Parameters(known_at=7), Parameters(known_at=7, tz="Asia/Tokyo", service="s",
                                                      attribution_window_s=0)):  # fmt: skip
        row = parameters_of(chosen.told())
        assert row.schema == chosen.row().schema
        assert row.to_pylist() == chosen.row().to_pylist()
    assert tuple(PARAMETERS) == tuple(Parameters(known_at=1).row().column_names)


@pytest.mark.parametrize(
    ("told", "error"),
    [
        (None, UnsoundError),
        ({"known_at": "7"}, UnsoundError),
        ({"known_at": 7, "at": "noon"}, UnsoundError),
        ({"known_at": 7, "at": "2026-01-01T00:00:00"}, UnsoundError),
        ({"known_at": 2**70}, UnsoundError),
        ({"known_at": 7, "moon": "full"}, UncheckedError),
    ],
)
def test_parameters_that_are_none_are_refused(told: object, error: type[Exception]) -> None:
    """By what is wrong with them."""
    with pytest.raises(error):
        parameters_of(told)


def test_rows_are_chosen_as_the_server_chooses_them() -> None:
    """The same SQL but for quotation marks."""
    wanted = Selection(
        "services", {"team": "t"}, {"scope": "sox"}, ("effective_from", "effective_until"),
        "effective_from", ("-service", "team"), 3, 7,
    )  # fmt: skip
    (found,) = selections_of([wanted.told()])
    text, values = found.statement
    assert (text.replace('"', ""), values) == wanted.statement()


@pytest.mark.parametrize(
    "change",
    [
        {"table": "services; DROP TABLE x"},
        {"table": None},
        {"equals": {'a" = 1 --': "b"}},
        {"equals": {"a": 1}},
        {"order": ["a DESC"]},
        {"order": "abc def"},
        {"during": 'a"'},
        {"holding": ["a"]},
        {"limit": "7"},
        {"offset": -1},
        {"offset": True},
    ],
)
def test_a_selection_that_is_none_is_refused(change: dict[str, Any]) -> None:
    """Names are letters, digits and `_`; counts are numbers."""
    with pytest.raises(UnsoundError, match="which rows"):
        selections_of([Selection("services").told() | change])


def _run(*texts: str, layer: str = "tables", foreign: bool = False) -> list[dict[str, Any]]:
    known = [read_definition("corrections", "facts", definitions()["corrections"].text)]
    known += [read_definition(f"t{at}", layer, text) for at, text in enumerate(texts)]
    parameters = parameters_of({"known_at": 9})
    with Sandbox(known, 9, parameters, foreign_steps=foreign) as sandbox:
        story = Story()
        story.tell("incident.opened", WHEN, incident="i", service="shop")
        sandbox.add(Rows(story.rows().events, DOCUMENTS.empty_table()))
        sandbox.finish()
        return sandbox.rows(f"FROM t{len(texts) - 1}")


@pytest.mark.parametrize(
    "text",
    [
        "COPY (SELECT 1) TO '/tmp/stolen.csv'",
        "SELECT 1; DROP TABLE corrections",
        "ATTACH '/tmp/other.db'",
        "INSTALL httpfs",
        "SET threads = 1",
        "PRAGMA database_list",
        "CREATE TABLE t AS SELECT 1",
        "",
        "SELECT",
        "SELECT * FROM read_text('/etc/hostname')",
        "SELECT * FROM read_csv('/etc/passwd')",
        "SELECT * FROM '/etc/passwd'",
        "SELECT * FROM glob('/*')",
        "SELECT * FROM parquet_metadata('/tmp/x.parquet')",
        "FROM query('COPY (SELECT 1) TO ''/tmp/stolen.csv''')",
        "SELECT * FROM story",
    ],
)
def test_what_reaches_beyond_the_rows_does_not_run(text: str) -> None:
    """One SELECT, over tables that there are."""
    with pytest.raises(UncheckedError, match="the definition of t0"):
        _run(text)


def test_a_definition_reads_the_rows() -> None:
    """And those of other definitions."""
    assert _run("SELECT count(*) AS n FROM corrections", "SELECT n + 1 AS m FROM t0") == [{"m": 1}]


FOREIGN = """\
# t0 = doubled(corrections)
import pyarrow as pa


def doubled(one):
    return pa.table({"n": [2 * one.num_rows + 8]})
"""


def test_the_code_of_a_step_that_is_not_ours_runs_only_when_it_is_wanted() -> None:
    """Whoever made it would run code on this machine."""
    with pytest.raises(UncheckedError, match="doubled has no implementation") as caught:
        _run(FOREIGN, layer="steps")
    assert "--definitions-from-pack" in caught.value.next_step
    assert _run(FOREIGN, layer="steps", foreign=True) == [{"n": 8}]


def test_a_step_of_another_name_than_its_own_is_refused() -> None:
    """It would be run in the place of another."""
    with pytest.raises(UncheckedError, match="does not say what it calls"):
        read_definition("t1", "steps", FOREIGN)


def test_definitions_that_need_each_other_are_refused() -> None:
    """Instead of running for ever."""
    both = Definitions({
        "a": read_definition("a", "tables", "SELECT * FROM b"),
        "b": read_definition("b", "tables", "SELECT * FROM a"),
    })  # fmt: skip
    with pytest.raises(UncheckedError, match="needs itself"):
        both.in_order(["a"])


def test_a_test_that_nobody_asked_for_is_made_of_nothing() -> None:
    """Nor is what only it needs; where none was asked for, their columns are, so all are made."""
    texts = {
        "chg_01": "SELECT 'x' AS variant, 1 AS n", "chg_02": "SELECT variant, n FROM much",
        "much": "SELECT 'y' AS variant, 2 AS n",
        "items": "SELECT * FROM chg_01 UNION ALL BY NAME SELECT * FROM chg_02",
    }  # fmt: skip
    known = Definitions({
        name: read_definition(name, "controls", text) for name, text in texts.items()
    })  # fmt: skip

    def made(*tests: str) -> tuple[set[str], list[dict[str, Any]]]:
        asked = {"catalogue": f"sha256:{'0' * 64}", "controls": [],
                 "tests": [{"test": test} for test in tests]}  # fmt: skip
        left_empty = not_asked(json.dumps(asked), known.known)
        wanted = known.left_empty(left_empty).in_order(["items"])
        with Sandbox(wanted, 1, parameters_of({"known_at": 1})) as sandbox:
            sandbox.finish()
            return {one.name for one in wanted}, sandbox.rows("FROM items ORDER BY n")

    one, other = {"variant": "x", "n": 1}, {"variant": "y", "n": 2}
    assert made("CHG-01") == ({"items", "chg_01", "chg_02"}, [one])
    assert made("CHG-02") == (set(texts), [other])
    assert made("CHG-01", "CHG-02") == made() == (set(texts), [one, other])
    assert made("CHG-99") == made()


@pytest.mark.parametrize(
    ("said", "made", "place"),
    [
        ([{"a": 1}], [{"a": 2}], "row 1, column a: the answer says 1, its definitions give 2"),
        ([{"a": 1}, {"a": 2}], [{"a": 1}], "2 rows, its definitions give 1"),
        ([{"a": 1}], [{"b": 1}], "the column a is on one side only"),
        ([{"a": "x"}], [{"a": None}], 'says "x", its definitions give null'),
        ([{"a": 1}], [{"a": True}], "column a"),
        ([{"a": [1, 2]}], [{"a": [1]}], "column a"),
        ([{"a": 1.000001}], [{"a": 1.0}], "column a"),
    ],
)
def test_rows_that_differ_are_named(
    said: list[dict[str, Any]], made: list[dict[str, Any]], place: str
) -> None:
    """Table, row, column."""
    with pytest.raises(UnsoundError, match="table t") as caught:
        compare("t", said, made, ordered=True)
    assert place in str(caught.value)


@pytest.mark.parametrize("turned", [list, lambda rows: list(reversed(rows))])
def test_rows_that_are_equal_are_so_in_any_order_where_there_is_none(
    turned: Callable[[list[Any]], list[Any]],
) -> None:
    """And in the last digits of a number."""
    said: list[dict[str, Any]] = [{"a": 0.1 + 0.2, "b": None}, {"a": 2, "b": ["x"]}]
    compare("t", said, turned([{"a": 0.3, "b": None}, {"a": 2.0, "b": ["x"]}]), ordered=False)
