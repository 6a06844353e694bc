"""An evidence pack is judged again offline; what was altered in it is refused with the place."""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import json
import re
import shutil
import zipfile
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from domain.log.dsse import pae
from exporters.cells import csv_of
from exporters.oscal_checks import problems
from pipeledger.recompute.archive import unpacked
from pipeledger.recompute.evidence_pack import check_signature
from pipeledger.recompute.recompute import check_pack
from pipeledger.verifier.evidence import Policy
from pipeledger.verifier.lines import Settings
from pipeledger.verifier.trust import trusted_log
from pipeledger.verifier.wire import UnsoundError
from store.ledger.keys import LedgerKeys
from tests.client.test_end_to_end import Shell
from tests.exporters.pages import read_page, table_of
from tests.serving import event, serving

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from domain.log.key import SigningKey
    from tests.serving import Running

KIND = "application/vnd.pipeledger.pack.v1+json"


def digest(letter: str) -> str:
    """A digest, by one hexadecimal letter."""
    return f"sha256:{letter * 64}"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A server that knows of deployments, approved by another tool's word or not at all."""
    with serving(tmp_path_factory.mktemp("pack") / "data") as running:
        with running.http() as client:
            for number, letter in enumerate("abc"):
                one = event(number, artifacts=[{"digest": digest(letter)}], release=f"1.{number}")
                assert client.post("/events", json=one).status_code == 201
            said = event(9)
            said["type"] = "pipeledger.approval.reported.v1"
            said["data"] = {"approval": "a-1", "verdict": "approved", "service": "checkout",
                            "subjects": [{"kind": "artifact", "digest": digest("a")}],
                            "environments": ["production"]}  # fmt: skip
            said["time"] = "2026-01-01T10:00:00Z"
            assert client.post("/events", json=said).status_code == 201
        yield running


def export(server: Running, target: Path, *words: str, status: int = 0) -> str:
    """Make a pack with the server's own command."""
    return server.administer("export", "pack", *words, target, status=status)


@pytest.fixture(scope="module")
def pack(server: Running, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A pack of one control, as known now."""
    target = tmp_path_factory.mktemp("made") / "pack.zip"
    export(server, target, "--control", "SOX-ITGC/CM-01")
    return target


@pytest.fixture(scope="module")
def policy(pack: Path) -> Policy:
    """Trust in the ledger's keys."""
    with zipfile.ZipFile(pack) as archive:
        return Policy([trusted_log(archive.read("key.vkey").decode().split())], Settings())


@pytest.fixture(scope="module")
def key(server: Running) -> SigningKey:
    """The ledger's own key, which a server that lies would sign with."""
    folder = server.data / "ledgers" / "default"
    (secrets,) = {path.parent for path in folder.rglob("intake.key")}
    origin = (folder / "origin").read_text().strip()
    return LedgerKeys.load(secrets, origin).intake


@pytest.fixture
def folder(pack: Path, tmp_path: Path) -> Iterator[Path]:
    """The pack's files, to be altered."""
    with unpacked(pack) as found:
        yield shutil.copytree(found, tmp_path / "unpacked")


def test_a_pack_about_a_name_that_nothing_has_says_so(server: Running, tmp_path: Path) -> None:
    """It is written all the same: that nothing was judged is evidence as well."""
    words = ("--control", "SOX-ITGC/CM-01", "--service")
    said = export(server, tmp_path / "none.zip", *words, "chekout")
    assert "; 0 items judged" in said
    assert "warning: no item of the period is of --service chekout" in said
    assert "warning: no item" not in export(server, tmp_path / "some.zip", *words, "checkout")


def test_a_pack_is_sound_and_every_item_is_judged_again(
    server: Running, pack: Path, tmp_path: Path
) -> None:
    """By the command an auditor runs, with the keys given apart."""
    shell = Shell(server, tmp_path)
    shell.trust()
    said = shell("verify", pack, "--recompute").stdout
    assert "evidence pack" in said
    assert "signed by the ledger" in said
    with zipfile.ZipFile(pack) as archive:
        rows = json.loads(archive.read("manifest.json"))["pack"]["counts"]["population"]
    assert rows >= 3
    assert f"population.csv: {rows} rows, those of the table control_items" in said
    assert f"table control_items: {rows} rows, made again and equal" in said
    (tmp_path / "stranger").mkdir()
    stranger = Shell(server, tmp_path / "stranger")
    assert "no key is trusted" in stranger("verify", pack, status=2).stderr


def test_a_catalogue_that_is_not_on_record_is_said_by_whoever_makes_and_whoever_verifies(
    server: Running, pack: Path, tmp_path: Path
) -> None:
    """Anybody at the server may judge by parameters that nobody was told of: not unseen."""
    shell = Shell(server, tmp_path)
    shell.trust()
    recorded = r"its digest is that of the policy\.published at position [0-9]+\n"
    assert re.search(recorded, shell("verify", pack).stdout)
    own = tmp_path / "own"
    own.mkdir()
    (own / "tests.toml").write_text("[CHG-02.parameters]\napproval_max_age_days = 3000\n")
    target = tmp_path / "own.zip"
    words = ("--control", "SOX-ITGC/CM-01")
    said = export(server, target, *words, "--controls", str(own))
    assert "warning: the catalogue of controls is not the one on record at position" in said
    assert "catalogue not on record" in shell("verify", target).stdout
    shown = shell("verify", target, "--recompute").stdout
    assert "catalogue not on record" in shown
    assert re.search(recorded, shown) is None
    assert "warning" not in export(server, tmp_path / "again.zip", *words)


def repacked(folder: Path, target: Path) -> Path:
    """The files of a folder as an archive that people make, with its folders in it."""
    with zipfile.ZipFile(target, "w") as archive:
        for path in sorted(folder.rglob("*")):
            archive.write(path, path.relative_to(folder))
    return target


def test_a_pack_that_people_packed_anew_is_the_same_and_one_with_less_is_named_by_its_name(
    server: Running, folder: Path, tmp_path: Path
) -> None:
    """No message speaks of a folder that is gone when it is read."""
    shell = Shell(server, tmp_path)
    shell.trust()
    assert "evidence pack" in shell("verify", repacked(folder, tmp_path / "anew.zip")).stdout
    note = folder / "checkpoint"
    note.write_text(note.read_text().replace(note.read_text().split("\n")[0], "other.example/log"))
    said = shell("verify", repacked(folder, tmp_path / "other.zip"), status=1).stderr
    assert "checkpoint: of another ledger than the manifest names" in said
    note.unlink()
    said = shell("verify", repacked(folder, tmp_path / "less.zip"), status=2).stderr
    assert "file checkpoint: missing" in said
    (folder / "manifest.json").unlink()
    said = shell("verify", repacked(folder, tmp_path / "bare.zip"), status=2).stderr
    assert "bare.zip is no export or pack, or its manifest.json was removed" in said


def test_the_report_and_oscal_in_it_say_the_same(pack: Path) -> None:
    """Of the same position, with the checkpoint of the pack, and of as many controls."""
    with zipfile.ZipFile(pack) as archive:
        manifest = json.loads(archive.read("manifest.json"))
        told = json.loads(archive.read("assessment-results.json"))["assessment-results"]
        page = read_page(archive.read("report.html"))
        note = archive.read("checkpoint").decode()
    assert list(problems({"assessment-results": told})) == []
    assert told["metadata"]["version"] == str(manifest["position"])
    controls = sum(len(one["findings"]) for one in told["results"])
    assert controls == manifest["pack"]["counts"]["outcomes"]
    rows = table_of(page, "Controls by framework").rows()
    assert sum(int(row[1]) for row in rows) == controls
    (shown,) = (one for one in page.all("pre") if note.split()[0] in one.text)
    assert shown.text.split() == note.split()


def test_the_sheets_say_what_was_found_and_why(pack: Path) -> None:
    """Two are not approved, one by a mere assertion."""
    with zipfile.ZipFile(pack) as archive:
        rows = list(csv.DictReader(io.StringIO(archive.read("compliance/exceptions.csv").decode())))
        told = json.loads(archive.read("manifest.json"))["pack"]
    found = {row["item_key"].split()[-1]: (row["test"], row["outcome"]) for row in rows
             if row["test"] == "CHG-02"}  # fmt: skip
    assert found == {
        "d-0": ("CHG-02", "insufficient-evidence"), "d-1": ("CHG-02", "violated"),
        "d-2": ("CHG-02", "violated"),
    }  # fmt: skip
    assert told["counts"]["population"] == sum(told["counts"]["by_outcome"].values())
    assert told["catalogue"].startswith("sha256:")
    assert told["redactions"] == []


@pytest.mark.long
def test_the_same_question_at_the_same_position_gives_the_same_bytes(
    server: Running, pack: Path, tmp_path: Path
) -> None:
    """Also when the ledger has grown; and a release, a period and a service narrow it."""
    size = json.loads(zipfile.ZipFile(pack).read("manifest.json"))["position"]
    with server.http() as client:
        assert client.post("/events", json=event(50)).status_code == 201
    same = ("--control", "SOX-ITGC/CM-01", "--known-at", str(size))
    export(server, tmp_path / "again.zip", *same)
    assert (tmp_path / "again.zip").read_bytes() == pack.read_bytes()
    narrow = ("--control", "SOX-ITGC/CM-01", "--release", "checkout@1.1", "--from", "2026-01-01")
    export(server, tmp_path / "one.zip", *narrow)
    with zipfile.ZipFile(tmp_path / "one.zip") as archive:
        text = archive.read("compliance/population.csv").decode()
    rows = [one for one in csv.DictReader(io.StringIO(text)) if one["test"] == "CHG-02"]
    assert [one["artifacts"] for one in rows] == [digest("b")]


def test_what_nobody_knows_is_refused_in_one_line(server: Running, tmp_path: Path) -> None:
    """And nothing is written."""
    for words, said in (
        (("--framework", "SOX"), "no framework of this name; there are"),
        (("--control", "SLSA/none"), "SLSA has no control of this name"),
        (("--from", "yesterday"), "--from"),
    ):
        shown = export(server, tmp_path / "x.zip", *words, status=2)
        assert said.split(";")[0] in shown
    assert not list(tmp_path.iterdir())


def settle(folder: Path, key: SigningKey | None) -> None:
    """Make the manifest say what the files are now; signed by a key, or as it was."""
    told = json.loads((folder / "manifest.json").read_bytes())
    for name in told["files"]:
        raw = (folder / name).read_bytes()
        told["files"][name] = {"bytes": len(raw), "sha256": hashlib.sha256(raw).hexdigest()}
    raw = json.dumps(told).encode()
    (folder / "manifest.json").write_bytes(raw)
    if key is not None:
        signature = base64.b64encode(key.sign(pae(KIND, raw))).decode()
        envelope = {"payloadType": KIND, "payload": base64.b64encode(raw).decode(),
                    "signatures": [{"keyid": key.key_id, "sig": signature}]}  # fmt: skip
        (folder / "manifest.dsse.json").write_text(json.dumps(envelope))


def rewrite(folder: Path, change: Callable[[dict[str, Any]], None]) -> None:
    """Change the rows of judged items, in table and sheets alike."""
    path = folder / "tables" / "control_items.parquet"
    table = pq.read_table(path)
    rows = table.to_pylist()
    for row in rows:
        change(row)
    pq.write_table(pa.Table.from_pylist(rows, table.schema), path)
    sheets = {"population": rows, "exceptions": [r for r in rows if r["outcome"] != "satisfied"]}
    manifest = json.loads((folder / "manifest.json").read_bytes())
    counts = manifest["pack"]["counts"]
    counts["by_outcome"] = {}
    for row in rows:
        counts["by_outcome"].setdefault(row["outcome"], 0)
        counts["by_outcome"][row["outcome"]] += 1
    for name, these in sheets.items():
        (folder / "compliance" / f"{name}.csv").write_bytes(csv_of(table.column_names, these))
        counts[name] = len(these)
    (folder / "manifest.json").write_text(json.dumps(manifest))


def forgive(row: dict[str, Any]) -> None:
    """A violation becomes none."""
    if row["outcome"] == "violated":
        row["outcome"] = "satisfied"


def first_sheet_row(folder: Path) -> None:
    """Another word in the first row of a sheet."""
    path = folder / "compliance" / "population.csv"
    path.write_text(path.read_text().replace("insufficient-evidence", "satisfied", 1))


def count_less(folder: Path) -> None:
    """One exception fewer in the manifest."""
    told = json.loads((folder / "manifest.json").read_bytes())
    told["pack"]["counts"]["by_outcome"]["violated"] -= 1
    (folder / "manifest.json").write_text(json.dumps(told))


def drop_last_row(folder: Path) -> None:
    """One row fewer in a sheet."""
    path = folder / "compliance" / "exceptions.csv"
    path.write_bytes(b"\r\n".join(path.read_bytes().split(b"\r\n")[:-2]) + b"\r\n")


def add_file(folder: Path) -> None:
    """A file that nobody exported."""
    (folder / "notes.txt").write_text("all is well")


UNSIGNED: dict[str, tuple[Callable[[Path], object], str]] = {
    "a row of a sheet": (first_sheet_row, "file 'compliance/population.csv': not the one"),
    "the catalogue": (
        lambda folder: (folder / "compliance" / "catalogue.json").write_text("{}"),
        "file 'compliance/catalogue.json': not the one",
    ),
    "a file too many": (add_file, "file 'notes.txt': not of the export"),
    "a file too few": (
        lambda folder: (folder / "compliance" / "results.csv").unlink(),
        "file 'compliance/results.csv': missing",
    ),
    "a count": (count_less, "manifest.dsse.json: it signs another manifest"),
    "no signature": (
        lambda folder: (folder / "manifest.dsse.json").unlink(), "manifest.dsse.json: missing",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("alter", "cause"), UNSIGNED.values(), ids=UNSIGNED)
def test_whoever_alters_a_pack_is_caught_by_the_signature(
    alter: Callable[[Path], object], cause: str, folder: Path, policy: Policy
) -> None:
    """The file is named."""
    alter(folder)
    with pytest.raises(UnsoundError, match=r".+") as refused:
        check_pack(folder, policy, tables=False, foreign_steps=False)
    assert cause in str(refused.value)


SIGNED: dict[str, tuple[Callable[[Path], object], str]] = {
    "a row of a sheet": (first_sheet_row, "compliance/population.csv, row 2: not in its table"),
    "a row too few": (drop_last_row, "compliance/exceptions.csv: rows of its table are missing"),
    "a count": (count_less, "manifest: its control totals are not those of the rows"),
}


@pytest.mark.parametrize(("alter", "cause"), SIGNED.values(), ids=SIGNED)
def test_a_ledger_that_signs_other_sheets_is_caught_by_its_tables(
    alter: Callable[[Path], object], cause: str, folder: Path, policy: Policy, key: SigningKey
) -> None:
    """Sheet and line are named."""
    alter(folder)
    settle(folder, key)
    with pytest.raises(UnsoundError, match=r".+") as refused:
        check_pack(folder, policy, tables=False, foreign_steps=False)
    assert cause in str(refused.value)


def test_a_ledger_that_signs_other_outcomes_is_caught_by_judging_again(
    folder: Path, policy: Policy, key: SigningKey
) -> None:
    """Table, row and column are named."""
    rewrite(folder, forgive)
    settle(folder, key)
    check_pack(folder, policy, tables=False, foreign_steps=False)
    with pytest.raises(UnsoundError, match=r"table control_items, row .*column outcome"):
        check_pack(folder, policy, tables=True, foreign_steps=False)


def test_another_key_signs_nothing(folder: Path, policy: Policy, server: Running) -> None:
    """Not even the same ledger's key for checkpoints."""
    origin = policy.logs[0].origin
    (secrets,) = {path.parent for path in server.data.rglob("intake.key")}
    settle(folder, LedgerKeys.load(secrets, origin).log)
    with pytest.raises(UnsoundError, match="no trusted key of"):
        check_pack(folder, policy, tables=False, foreign_steps=False)


def test_a_key_that_had_ended_signs_no_pack(folder: Path, policy: Policy) -> None:
    """Whoever came by it since may make none."""
    size = json.loads((folder / "manifest.json").read_bytes())["position"]
    (log,) = policy.logs
    for last, sound in ((size, True), (size - 1, False)):
        keys = tuple(replace(key, last=last) for key in log.keys)
        if sound:
            check_signature(folder, replace(log, keys=keys), size)
        else:
            with pytest.raises(UnsoundError, match="no trusted key of"):
                check_signature(folder, replace(log, keys=keys), size)
