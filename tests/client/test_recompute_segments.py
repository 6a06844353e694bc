"""An export of several sealed segments is made again whole; what was altered in one is named."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from exporters.parquet import export_parquet
from pipeledger.recompute.pack import Pack
from pipeledger.recompute.recompute import check_pack, recompute_answer
from pipeledger.verifier.evidence import Policy
from pipeledger.verifier.lines import Settings
from pipeledger.verifier.trust import trusted_log
from pipeledger.verifier.wire import UnsoundError
from projections.following import history_of
from projections.selection import Selection
from store.ledger.guard import FileGuard
from store.ledger.opening import Place
from store.postgres.database import Database
from tests.client.test_recompute import rewrite, settle
from tests.inside import client
from tests.projections.test_live import redact
from tests.store.ledger.conftest import Home, draft

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from pipeledger.verifier.evidence import Verdict
    from projections.history import History
    from tests.conftest import Server

SIZE = 64
TOLD = 259
GONE = 70


def deployment(number: int) -> bytes:
    """One of a line, every tenth a failure, an hour after the one before."""
    data: dict[str, Any] = {
        "deployment": f"d-{number}", "service": "shop", "environment": "production",
        "outcome": "failure" if number % 10 == 0 else "success", "impact": number % 10 == 0,
        "commit": f"{number:040x}", "artifact": {"digest": f"sha256:{number:064x}"},
    }  # fmt: skip
    day, hour = divmod(number, 24)
    return json.dumps({
        "source": "https://ci.example", "id": f"e-{number}",
        "time": f"2026-03-{day + 1:02d}T{hour:02d}:00:00Z", "data": data,
    }).encode()  # fmt: skip


@dataclass(frozen=True)
class Exported:
    """A ledger that was exported.

    Attributes:
        history: what can be asked of it.
        vkeys: its keys.
        out: the export.
    """

    history: History
    vkeys: tuple[str, ...]
    out: Path

    @property
    def policy(self) -> Policy:
        """Believes the ledger's own keys."""
        return Policy([trusted_log(list(self.vkeys))], Settings())

    def check(self, out: Path) -> Verdict:
        """Check an export with all its tables."""
        return check_pack(out, self.policy, tables=True, foreign_steps=False)


@pytest.fixture(scope="module")
def exported(postgres: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Exported]:
    """Four sealed segments and a tail; one event in a segment was redacted."""
    folder = tmp_path_factory.mktemp("segments")
    for conninfo in postgres.fresh(postgres.template):
        with Database(conninfo) as database:
            home = Home(database, Place(folder / "ledger"), FileGuard(folder / "guard"))
            home.create()
            ledger = home.open()
            ledger.submit([draft(n, body=deployment(n)) for n in range(TOLD)]).result(60)
            history = history_of(ledger, folder / "derived", SIZE)
            history.snapshot()
            redact(home, ledger, GONE)
            export_parquet(history, ledger.vkeys, folder / "out")
            yield Exported(history, tuple(ledger.vkeys), folder / "out")
            history.close()
            home.close()


@pytest.fixture
def out(exported: Exported, tmp_path: Path) -> Path:
    """A copy of the export, to be altered."""
    shutil.copytree(exported.out, tmp_path / "out")
    return tmp_path / "out"


def test_every_table_and_every_answer_is_made_again_from_all_segments(
    exported: Exported,
) -> None:
    """Of the newest state, and of one that ended within a segment."""
    names = sorted(path.name for path in (exported.out / "events").iterdir())
    assert names == [*(f"0000000{number}.parquet" for number in range(4)), "tail.parquet"]
    verdict = exported.check(exported.out)
    assert verdict.size == TOLD + 2
    assert verdict.facts == {"files": verdict.facts["files"], "recomputed": True, "redacted": 1}
    assert f"table deployments: {TOLD - 1} rows, made again and equal" in verdict.lines
    for known_at, counted in ((None, TOLD - 1), ("100", 98)):
        asked = [Selection("dora"), Selection("dora_evidence")]
        told = exported.history.ask(asked, {}, known_at).told()
        assert told["tables"]["dora"][0]["counted"] == counted
        found = recompute_answer(msgspec.json.encode(told), Pack(exported.out), exported.policy)
        assert found.facts["rows"]["dora_evidence"] == len(told["tables"]["dora_evidence"])


@pytest.mark.long
def test_the_command_makes_it_again(exported: Exported, tmp_path: Path) -> None:
    """As an auditor runs it, with keys of their own."""
    keys = [f"--key={key}" for key in exported.vkeys]
    words: tuple[str | Path, ...] = ("verify", exported.out, "--recompute", *keys)
    shown = client(*words, environment={"HOME": str(tmp_path), "PATH": "/usr/bin:/bin"}).stdout
    assert f"every entry up to {TOLD + 2} checked" in shown


def _event(out: Path) -> None:
    rewrite(out, "event", 100, deployment(99).decode().replace("success", "failure"), "00000001")


def _entry(out: Path) -> None:
    rewrite(out, "entry", 130, b"{}\n{}", "00000002")


def _column(out: Path) -> None:
    rewrite(out, "outcome", 200, "failure", "00000003")


def _place(out: Path) -> None:
    rewrite(out, "position", 129, 128, "00000002")


def _lost(out: Path) -> None:
    (out / "events" / "00000001.parquet").unlink()


def _turned(out: Path) -> None:
    one, other = (out / "events" / f"0000000{number}.parquet" for number in (1, 2))
    one.rename(out / "aside")
    other.rename(one)
    (out / "aside").rename(other)


@pytest.mark.parametrize(
    ("alter", "cause"),
    [
        (_event, "position 100: part event: not what the entry commits to"),
        (_entry, "position 130"),
        (_column, "position 200: the column outcome is not what the entry says"),
        (_place, "position 129: the column position is not what the entry says"),
        (_lost, "position 65"),
        (_turned, "position 65"),
    ],
)
def test_a_segment_that_was_altered_is_refused_with_the_place(
    exported: Exported, out: Path, alter: Callable[[Path], None], cause: str
) -> None:
    """Also where the manifest was made to fit."""
    alter(out)
    with pytest.raises(UnsoundError, match=r"not the one that was exported|missing"):
        exported.check(out)
    settle(out)
    with pytest.raises(UnsoundError) as refused:
        exported.check(out)
    assert cause in str(refused.value)
