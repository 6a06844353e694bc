"""An answer of a real server is made again, offline; whatever was altered is named."""

from __future__ import annotations

import contextlib
import hashlib
import json
import random
import shutil
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipeledger.recompute.pack import Pack
from pipeledger.recompute.recompute import recompute_answer
from pipeledger.verifier.evidence import Policy
from pipeledger.verifier.lines import Settings
from pipeledger.verifier.trust import trusted_log
from pipeledger.verifier.wire import UncheckedError, UnsoundError
from tests.client.test_end_to_end import Shell
from tests.serving import event, serving

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.serving import Running

MARCH = ("--from", "2026-03-01", "--to", "2026-04-01")
REPOSITORY = "https://code.example/acme/checkout"
ASKED: dict[str, tuple[str, ...]] = {
    "dora": ("--group-by", "service", "--bucket", "week", "--baseline-from", "2026-02-01",
             "--baseline-to", "2026-03-01", *MARCH),
    "mttr": MARCH,
    "deployments": ("--service", "checkout", "--limit", "2"),
    "environments": ("--at", "2026-03-10"),
    "lead-times": (),
    "failures": ("--known-at", "10"),
    "findings": ("--service", "checkout", "--at", "2026-03-20"),
}  # fmt: skip


def _told() -> list[dict[str, Any]]:
    """Commits, deployments of them with a rollback, an incident."""
    found: list[dict[str, Any]] = []
    for number, content in enumerate("abac"):
        day, commit = f"2026-03-0{number + 1}", f"{number + 1:040x}"
        one = event(len(found))
        one |= {"type": "pipeledger.commit.pushed.v1", "time": f"{day}T09:00:00Z"}
        one["data"] = {"repository": REPOSITORY, "commit": commit, "parents": [f"{number:040x}"],
                       "authored_at": f"{day}T09:00:00Z"}  # fmt: skip
        found.append(one)
        made = {"digest": f"sha256:{content * 64}"}
        one = event(len(found), repository=REPOSITORY, artifact=made, commit=commit)
        one["time"] = f"{day}T10:00:00Z"
        found.append(one)
    for name, time in (("opened", "04T11:00:00Z"), ("restored", "04T12:30:00Z")):
        one = event(len(found))
        one |= {"type": f"pipeledger.incident.{name}.v1", "time": f"2026-03-{time}"}
        one["data"] = {"incident": "i-7", "service": "checkout", "environment": "production"}
        found.append(one)
    return found


def _sarif(rules: str) -> bytes:
    """What a scanner found, a rule each."""
    results = [{"ruleId": rule, "message": {"text": rule}} for rule in rules]
    run = {"tool": {"driver": {"name": "scanner"}}, "results": results}
    return json.dumps({"version": "2.1.0", "runs": [run]}).encode()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A server that was told a story."""
    with serving(tmp_path_factory.mktemp("recompute") / "data") as running:
        with running.http() as client:
            for one in _told():
                assert client.post("/events", json=one).status_code == 201
            for rules, time in (("ab", "2026-03-02"), ("b", "2026-03-03")):
                asked = {"service": "checkout", "kind": "sast", "at": f"{time}T10:00:00Z"}
                answer = client.post("/reports", params=asked, content=_sarif(rules))
                assert answer.status_code == 201
        yield running


@pytest.fixture(scope="module")
def kept(server: Running, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of answers, and of the export `out` that was made after them and one more event."""
    folder = tmp_path_factory.mktemp("kept")
    shell = Shell(server, folder)
    shell.trust()
    for name, words in ASKED.items():
        shell("query", name, *words, "--output", folder / f"{name}.json")
    shell("trace", "d-3", "--output", folder / "trace.json")
    with server.http() as client:
        late = event(77, artifact={"digest": "sha256:" + "9" * 64})
        late["time"] = "2026-03-05T10:00:00Z"
        assert client.post("/events", json=late).status_code == 201
    choices = (*MARCH, "--bucket", "week", "--group-by", "service")
    server.administer("export", "parquet", folder / "out", *choices)
    return folder


@pytest.fixture
def shell(server: Running, kept: Path, tmp_path: Path) -> Shell:
    """A client that pinned the server's keys, and remembers nothing of other tests."""
    home = tmp_path / "home"
    shutil.copytree(kept, home, ignore=shutil.ignore_patterns("out"))
    return Shell(server, home)


@pytest.fixture
def out(kept: Path, tmp_path: Path) -> Path:
    """A copy of the export, to be altered."""
    shutil.copytree(kept / "out", tmp_path / "out")
    return tmp_path / "out"


@pytest.mark.parametrize("name", [*ASKED, "trace"])
def test_an_answer_is_made_again_without_the_server(kept: Path, shell: Shell, name: str) -> None:
    """From the export: every table, with filters, groups, steps, an instant, an early position."""
    answer = json.loads((kept / f"{name}.json").read_bytes())
    shown = shell(
        "verify", kept / f"{name}.json", "--recompute", "--from", kept / "out", "--json",
        changes={"PIPELEDGER_URL": "http://127.0.0.1:9"},
    ).stdout  # fmt: skip
    (found,) = json.loads(shown)["evidence"]
    assert found["recomputed"] is True
    assert found["rows"] == {table: len(rows) for table, rows in answer["tables"].items()}
    assert sum(found["rows"].values()) > 0
    assert found["definitions"] == answer["proof"]["definitions"]["digest"]


def test_an_answer_is_made_again_from_the_ledger_itself(kept: Path, shell: Shell) -> None:
    """Where no export is at hand: every entry is read and checked."""
    shown = shell("verify", kept / "dora.json", "--recompute").stdout
    assert "table dora: " in shown
    assert "every entry up to" in shown
    said = shell("verify", kept / "dora.json", "--recompute", "--offline", status=2).stderr
    assert "--from DIRECTORY" in said


def test_an_export_is_checked_whole(kept: Path, shell: Shell) -> None:
    """Files, entries, columns, and with --recompute the tables."""
    shown = shell("verify", kept / "out").stdout
    assert shown.splitlines()[-1].strip().startswith("tables: not recomputed; they may be altered")
    (found,) = json.loads(shell("verify", kept / "out", "--json").stdout)["evidence"]
    assert (found["recomputed"], found["tables"]) == (False, "not recomputed")
    shown = shell("verify", kept / "out", "--recompute").stdout
    assert "table deployments: 5 rows, made again and equal" in shown
    assert "not recomputed" not in shown
    assert "table lead_times: " in shown
    told = json.loads((kept / "out" / "manifest.json").read_bytes())
    assert (told["parameters"]["group_by"], told["parameters"]["bucket"]) == ("service", "week")
    weeks = pq.read_table(kept / "out" / "tables" / "window_weeks.parquet")
    assert set(weeks["part"].to_pylist()) == {"window", "step"}


def _number(told: dict[str, Any]) -> None:
    told["tables"]["dora"][0]["counted"] += 1


def _row(told: dict[str, Any]) -> None:
    del told["tables"]["dora"][0]


def _part(told: dict[str, Any]) -> None:
    del told["tables"]["window_gaps"]


def _root(told: dict[str, Any]) -> None:
    told["proof"]["position"] -= 1
    told["proof"]["parameters"]["known_at"] -= 1


def _known_at(told: dict[str, Any]) -> None:
    told["proof"]["parameters"]["known_at"] -= 1


def _parameter(told: dict[str, Any]) -> None:
    told["proof"]["parameters"]["attribution_window_s"] = 0


@pytest.mark.parametrize(
    ("alter", "cause"),
    [
        (_number, "table dora, row 1, column counted: the answer says"),
        (_row, "table dora"),
        (_part, "other tables than it speaks of"),
        (_root, "the root is not that of the first"),
        (_known_at, "known_at is not its position"),
        (_parameter, "table dora"),
    ],
)
def test_an_altered_answer_is_unsound_and_the_place_is_named(
    kept: Path, shell: Shell, tmp_path: Path, alter: Callable[[dict[str, Any]], None], cause: str
) -> None:
    """Number, row, table, root, parameter."""
    told = json.loads((kept / "dora.json").read_bytes())
    alter(told)
    (tmp_path / "answer.json").write_text(json.dumps(told))
    words = ("verify", tmp_path / "answer.json", "--recompute", "--from", kept / "out")
    assert cause in shell(*words, status=1).stderr


def rewrite(out: Path, column: str, position: int, value: object, file_name: str = "tail") -> None:
    """Put another value into a column of the tail's file, or of a segment's."""
    file = out / "events" / f"{file_name}.parquet"
    table = pq.read_table(file)
    values = table[column].to_pylist()
    values[table["position"].to_pylist().index(position)] = value
    at = table.schema.get_field_index(column)
    pq.write_table(
        table.set_column(at, table.schema.field(at), pa.array(values, table.schema.types[at])), file
    )


def settle(out: Path) -> None:
    """Make the manifest say what the files are now."""
    told = json.loads((out / "manifest.json").read_bytes())
    there = {name: out / name for name in told["files"] if (out / name).is_file()}
    told["files"] = {
        name: {"bytes": path.stat().st_size,
               "sha256": hashlib.sha256(path.read_bytes()).hexdigest()}
        for name, path in there.items()
    }  # fmt: skip
    (out / "manifest.json").write_text(json.dumps(told))


def _deployment(out: Path) -> tuple[int, dict[str, Any]]:
    """Position and row of the first deployment in the tail's file."""
    rows = pq.read_table(out / "events" / "tail.parquet").sort_by("position").to_pylist()
    row = next(one for one in rows if one["type"] == "pipeledger.deployment.finished")
    return row["position"], row


def _body(out: Path) -> str:
    position, row = _deployment(out)
    rewrite(out, "event", position, row["event"].replace('"success"', '"failure"'))
    return f"position {position}: part event: not what the entry commits to"


def _entry(out: Path) -> str:
    position, row = _deployment(out)
    rewrite(out, "entry", position, row["entry"].replace(b"asserted", b"observed"))
    return f"position {position}"


def _checkpoint(out: Path) -> str:
    origin, size, rest = (out / "checkpoint").read_text().split("\n", 2)
    (out / "checkpoint").write_text(f"{origin}\n{int(size) - 1}\n{rest}")
    return "signature does not verify"


@pytest.mark.parametrize("alter", [_body, _entry, _checkpoint])
def test_an_altered_entry_of_an_export_is_unsound_at_its_position(
    kept: Path, shell: Shell, out: Path, alter: Callable[[Path], str]
) -> None:
    """For an answer made again from it, and for the export itself."""
    cause = alter(out)
    settle(out)
    said = shell("verify", kept / "mttr.json", "--recompute", "--from", out, status=1).stderr
    assert cause in said
    assert cause in shell("verify", out, status=1).stderr


def test_an_event_that_is_left_out_and_not_called_redacted_is_no_verdict(
    kept: Path, shell: Shell, out: Path
) -> None:
    """Numbers without it could be anything."""
    position, _ = _deployment(out)
    rewrite(out, "event", position, None)
    rewrite(out, "salt", position, None)
    said = shell("verify", kept / "mttr.json", "--recompute", "--from", out, status=2).stderr
    assert f"no entry says that they were redacted: positions {position}" in said


def test_a_column_that_says_something_else_than_its_entry_is_named(shell: Shell, out: Path) -> None:
    """Analysts read the columns."""
    position, _ = _deployment(out)
    rewrite(out, "outcome", position, "failure")
    assert "not the one that was exported" in shell("verify", out, status=1).stderr
    settle(out)
    assert f"position {position}: the column outcome" in shell("verify", out, status=1).stderr


def test_a_table_that_its_definition_does_not_give_is_named(shell: Shell, out: Path) -> None:
    """With its row and column."""
    file = out / "tables" / "services.parquet"
    table = pq.read_table(file)
    other = pa.array(["shop"] * table.num_rows, pa.string())
    pq.write_table(table.set_column(0, "service", other), file)
    settle(out)
    said = shell("verify", out, "--recompute", status=1).stderr
    assert "table services, row 1, column service" in said


def test_a_damaged_file_is_unsound_and_one_that_may_not_be_read_is_no_verdict(
    shell: Shell, out: Path
) -> None:
    """Whatever the library that reads it calls either."""
    file = out / "events" / "tail.parquet"
    file.write_bytes(file.read_bytes()[:-100])
    settle(out)
    assert "tail.parquet cannot be read" in shell("verify", out, status=1).stderr
    (out / "checkpoint").unlink()
    assert "checkpoint" in shell("verify", out, status=2).stderr


def test_a_file_that_is_missing_or_too_many_is_named(shell: Shell, out: Path) -> None:
    """Also one that the manifest would read outside of the folder."""
    (out / "more").write_text("x")
    assert "file 'more': not of the export" in shell("verify", out, status=1).stderr
    (out / "more").unlink()
    (out / "README.md").unlink()
    assert "file 'README.md': missing" in shell("verify", out, status=1).stderr
    told = json.loads((out / "manifest.json").read_bytes())
    told["definitions"]["services"]["file"] = "../../definitions/tables/services.sql"
    (out / "manifest.json").write_text(json.dumps(told))
    said = shell("verify", out.parent / "x.json", "--recompute", "--from", out, status=2).stderr
    assert "No such file" in said


def test_definitions_that_are_not_the_answer_s_are_no_verdict(
    kept: Path, shell: Shell, out: Path
) -> None:
    """They would give other numbers, honestly."""
    file = out / "definitions" / "metrics" / "mttr.sql"
    file.write_text(file.read_text().replace("avg(", "max("))
    settle(out)
    words = ("verify", kept / "mttr.json", "--recompute", "--from", out)
    assert "definition 'mttr': not the one it is said to be" in shell(*words, status=1).stderr
    told = json.loads((out / "manifest.json").read_bytes())
    told["definitions"]["mttr"]["digest"] = hashlib.sha256(file.read_bytes()).hexdigest()
    (out / "manifest.json").write_text(json.dumps(told))
    assert "made with the definitions sha256:" in shell(*words, status=2).stderr


def test_without_the_pinned_key_nothing_is_made_again(
    server: Running, kept: Path, tmp_path: Path
) -> None:
    """Whatever lies in the folder."""
    stranger = Shell(server, tmp_path)
    words = ("verify", kept / "mttr.json", "--recompute", "--from", kept / "out")
    assert "no key is trusted" in stranger(*words, status=2).stderr
    assert "no key is trusted" in stranger("verify", kept / "out", status=2).stderr
    keys = (kept / "out" / "key.vkey").read_text().split()
    assert "sound" in stranger(*words, *(f"--key={key}" for key in keys)).stdout


def test_an_export_that_ends_too_early_is_no_verdict(
    server: Running, kept: Path, shell: Shell, tmp_path: Path
) -> None:
    """The next step is named."""
    with server.http() as client:
        assert client.post("/events", json=event(78)).status_code == 201
    shell("query", "services", "--output", tmp_path / "new.json")
    words = ("verify", tmp_path / "new.json", "--recompute", "--from", kept / "out")
    assert "export the ledger anew" in shell(*words, status=2).stderr


def test_any_damage_is_a_verdict(kept: Path, tmp_path: Path) -> None:
    """Bytes changed or lost anywhere in an export: unsound or unchecked, or of no matter."""
    chance = random.Random(7)  # noqa: S311 - damage that can be repeated
    log = trusted_log((kept / "out" / "key.vkey").read_text().split())
    policy = Policy([log], Settings(signatures=False))
    answer = (kept / "mttr.json").read_bytes()
    refused = 0
    for number in range(12):
        out = tmp_path / str(number)
        shutil.copytree(kept / "out", out)
        file = out / chance.choice(("events/tail.parquet", "manifest.json", "checkpoint"))
        raw = bytearray(file.read_bytes())
        for _ in range(chance.choice((1, 3, 30))):
            raw[chance.randrange(len(raw))] = chance.randrange(256)
        del raw[: chance.choice((0, 0, 0, 40))]
        file.write_bytes(raw)
        with contextlib.suppress(ValueError, KeyError, TypeError, OSError):
            settle(out)
        try:
            recompute_answer(answer, Pack(out), policy)
        except (UnsoundError, UncheckedError, OSError):
            refused += 1
    assert refused > 4
