"""Any file or folder: what it is taken for, and what the verdict on it says."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest

from pipeledger.verifier.evidence import MAX_FILE, Policy, Verdict, check_path, verdict_of_run
from pipeledger.verifier.lines import Absent, Run, Settings
from pipeledger.verifier.proof import parse_proof
from pipeledger.verifier.seen import NO_WITNESS
from pipeledger.verifier.trust import trusted_log
from pipeledger.verifier.wire import Checkpoint, UncheckedError, UnsoundError
from pipeledger.verifier.witness import WitnessPolicy
from tests.client.test_stream import saved
from tests.client.writer import ORIGIN, Writer, b64, compact, consistency, ledger_of, root

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipeledger.verifier.proof import Proof
    from pipeledger.verifier.trust import TrustedLog

SIZE: Final = 9
WRITER: Final = ledger_of(SIZE)
KEYS: Final = trusted_log(WRITER.vkeys)
ROOT: Final = root(WRITER.leaves)
STREAM: Final = "deployment/0.1"
BESIDE: Final = "position 2: pipeledger.deployment.finished"


def seen(size: int) -> TrustedLog:
    """Trust, where the first entries were seen before."""
    return trusted_log(WRITER.vkeys, seen=Checkpoint(ORIGIN, size, root(WRITER.leaves[:size])))


def between(_: TrustedLog, old: int, new: int) -> Sequence[bytes]:
    """A ledger that gives consistency proofs."""
    return consistency(old, WRITER.leaves[:new])


def proving(_: TrustedLog, position: int) -> Proof:
    """A ledger that gives proofs of its entries."""
    return parse_proof(WRITER.proof(position))


def policy(log: TrustedLog = KEYS, settings: Settings | None = None, **more: Any) -> Policy:  # noqa: ANN401 - as the class
    """What is believed and wanted."""
    return Policy([log], settings or Settings(), **more)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Where evidence is written."""
    return tmp_path / "evidence"


def write(file: Path, evidence: object) -> Path:
    """Bytes as they are; what is none as JSON."""
    raw = evidence if isinstance(evidence, bytes) else json.dumps(evidence).encode()
    file.write_bytes(raw)
    return file


def trailer(**fields: Any) -> bytes:  # noqa: ANN401 - JSON
    """The last line of an export."""
    return compact({"count": SIZE} | fields).encode() + b"\n"


def export(last: bytes, first: int = 1, until: int = SIZE) -> bytes:
    """Some entries as they are exported to one file."""
    lines = "".join(compact(line) + "\n" for line in WRITER.lines(first, until))
    return lines.encode() + last


ENDED: Final = trailer(checkpoint=WRITER.checkpoint().decode())
AT: Final = json.loads(WRITER.entries[1].raw.split(b"\n")[0])["at"]
ENTRY_LINES: Final = [
    f"{BESIDE}, asserted, recorded at {AT}",
    "signed by the ledger, and included in its 9 entries",
]
ENTRY_FACTS: Final = {
    "position": 2, "type": "pipeledger.deployment.finished", "at": AT, "absent": [],
}  # fmt: skip
RUN_FACTS: Final = {"first": 1, "last": SIZE, "signatures": True, "absent": 0}
WHOLE: Final = "positions 1 to 9: every entry checked (links, signatures, numbers, tree)"
ANSWER: Final = {
    "format": "pipeledger/answer/v1", "origin": ORIGIN, "position": SIZE, "root": ROOT.hex(),
    "checkpoint": WRITER.checkpoint().decode(),
}  # fmt: skip
UNSETTLED: Final = ANSWER | {"position": 8, "root": "00" * 32}
ROWS: Final = "rows: not recomputed; they may be altered: pipeledger verify --recompute"
CLOSE: Final = "a later answer, or verify of all entries with --stream, closes that"

KINDS: Final[list[tuple[object, str, list[str], dict[str, Any]]]] = [
    (WRITER.checkpoint(), "checkpoint",
     [f"9 entries under the root {ROOT.hex()}, signed by the log"], {}),
    (WRITER.proved(2), "entry", ENTRY_LINES, ENTRY_FACTS),
    (json.dumps(WRITER.proved(2)).encode() + b"\n", "entry", ENTRY_LINES, ENTRY_FACTS),
    (WRITER.proved(2) | {"parts": []}, "entry",
     [*ENTRY_LINES, "not here, redacted or withheld: event, text"],
     ENTRY_FACTS | {"absent": ["event", "text"]}),
    (WRITER.proof(2), "entry", ENTRY_LINES, ENTRY_FACTS),
    (WRITER.receipt(2), "receipt", [f"{BESIDE}, signed and included"], {"position": 2}),
    ({"receipts": [{"receipt": WRITER.receipt(2)}]}, "receipt", [f"{BESIDE}, signed and included"],
     {"position": 2}),
    (saved(WRITER, STREAM, SIZE), "stream",
     [f"{STREAM}: events 1 to 3, signed and included, none left out up to position 8",
      f"not shown: that no event 4 stands at positions 9 to 9; {CLOSE}"],
     {"stream": STREAM, "events": 3, "complete_up_to": 8}),
    (saved(WRITER, "none", SIZE), "stream",
     ["no event of none is shown", f"not shown: that none stands among the 9 entries; {CLOSE}"],
     {"stream": "none", "events": 0, "complete_up_to": 0}),
    ({"tables": {}, "proof": ANSWER}, "answer",
     ["given at position 9, under a checkpoint that the log signed"],
     {"position": 9, "recomputed": False, "rows": "not recomputed"}),
    ({"tables": {}, "proof": UNSETTLED}, "answer",
     ["given at position 8, under a checkpoint that the log signed",
      "not checked: the root at that position, which is before the checkpoint"],
     {"position": 8, "recomputed": False, "rows": "not recomputed"}),
    (export(ENDED), "entries", [WHOLE], RUN_FACTS),
    (export(trailer(proof=b64(WRITER.proof(SIZE)))), "entries", [WHOLE], RUN_FACTS),
    (export(trailer(count=3, proof=b64(WRITER.proof(6))), 4, 6), "entries",
     ["positions 4 to 6: every entry checked (links, signatures, numbers, tree)"],
     RUN_FACTS | {"first": 4, "last": 6}),
    (export(trailer(count=6, proof=b64(WRITER.proof(SIZE))), 4), "entries",
     ["positions 4 to 9: every entry checked (links, signatures, numbers, tree)"],
     RUN_FACTS | {"first": 4}),
    (export(trailer(count=6, proof=b64(WRITER.proof(6))), 1, 6), "entries",
     ["positions 1 to 6: every entry checked (links, signatures, numbers, tree)"],
     RUN_FACTS | {"last": 6}),
]  # fmt: skip


def test_a_receipt_of_the_first_entry_needs_no_proof(file: Path) -> None:
    """Its leaf is the whole tree, and the checkpoint in it the only one."""
    (verdict,) = check_path(write(file, WRITER.receipt(1, 1)), policy())
    assert (verdict.what, verdict.size, verdict.root) == ("receipt", 1, WRITER.leaves[0])


@pytest.mark.parametrize(("evidence", "what", "lines", "facts"), KINDS)
def test_each_kind_of_evidence_is_told_by_what_stands_in_it(
    file: Path, evidence: object, what: str, lines: list[str], facts: dict[str, Any]
) -> None:
    """Not by its name; and the verdict says what was checked, and what was not."""
    entry = write(file.with_name("entry"), WRITER.entries[1].raw)
    (verdict,) = check_path(write(file, evidence), policy(entry=entry, prove=proving))
    assert (verdict.what, verdict.origin) == (what, ORIGIN)
    assert (verdict.size, verdict.root) == (SIZE, ROOT)
    assert verdict.note == WRITER.checkpoint()
    assert verdict.lines == [*lines, NO_WITNESS]
    assert verdict.facts == facts
    assert verdict.follows
    assert verdict.rest == (ROWS if what == "answer" else "")
    from_one = what == "entries" and facts["first"] == 1
    assert verdict.keys == (KEYS.keys if from_one else ())


@pytest.mark.parametrize(("evidence", "facts"), [(kind[0], kind[3]) for kind in KINDS])
def test_each_kind_of_evidence_is_held_against_what_was_seen(
    file: Path, evidence: object, facts: dict[str, Any]
) -> None:
    """By a proof, or by going through all of it; a whole log holds no less, a part of it may."""
    write(file, evidence)
    entry = write(file.with_name("entry"), WRITER.entries[1].raw)
    asking: dict[str, Any] = {"entry": entry, "prove": proving}
    passed = facts == RUN_FACTS
    (alone,) = check_path(file, policy(seen(5), **asking))
    assert alone.follows is passed
    (verdict,) = check_path(file, policy(seen(5), consistency=between, **asking))
    assert verdict.follows
    fork = Checkpoint(ORIGIN, SIZE, bytes(32))
    with pytest.raises(UnsoundError, match=r"a fork|not those seen before"):
        check_path(file, policy(trusted_log(WRITER.vkeys, seen=fork), **asking))
    known = Settings(known=(Checkpoint(ORIGIN, 12, bytes(32)),))
    with pytest.raises(UnsoundError, match="position 10: missing: 12 entries were seen"):
        check_path(file, policy(settings=known, **asking))
    larger = trusted_log(WRITER.vkeys, seen=Checkpoint(ORIGIN, 12, bytes(32)))
    if passed:
        with pytest.raises(UnsoundError, match="position 10: missing: 12 entries were seen"):
            check_path(file, policy(larger, **asking))
    (older,) = check_path(file, policy(larger, older=True, **asking))
    assert "older than what was seen before: 12 entries" in older.lines
    witnesses = Settings(witnesses=WitnessPolicy(b"quorum none\n"))
    (verdict,) = check_path(file, policy(settings=witnesses, **asking))
    assert verdict.lines[-1] == "the policy asks for no witness"


def test_a_stream_is_complete_up_to_what_the_log_is_shown_to_contain(file: Path) -> None:
    """What was seen and what was brought, where they are smaller."""
    write(file, saved(WRITER, STREAM, SIZE))
    known = Settings(known=tuple(Checkpoint(ORIGIN, size, root(WRITER.leaves[:size]))
                                 for size in (3, SIZE)))  # fmt: skip
    (verdict,) = check_path(file, policy(seen(5), known, consistency=between))
    counts = [line for line in verdict.lines if line.endswith("and all")]
    assert counts == [
        "of the first 3 entries these are 1, and all", "of the first 5 entries these are 2, and all"
    ]  # fmt: skip
    (verdict,) = check_path(file, policy(seen(5)))
    assert not any(line.endswith("and all") for line in verdict.lines)


@pytest.mark.parametrize(
    ("evidence", "said"),
    [
        ({"entry": ""}, "no proved entry, receipt or answer"),
        ({"proof": ""}, "no proved entry, receipt or answer"),
        ({"stream": ""}, "no proved entry, receipt or answer"),
        ({"entries": []}, "no proved entry, receipt or answer"),
        ({"tables": {}}, "no proved entry, receipt or answer"),
        (b"", "nothing that this verifier knows"),
        (b"words", "nothing that this verifier knows"),
        (b"c2sp.org/tlog-proof@v11", "nothing that this verifier knows"),
        (b"PK\3\4", "a zip archive that is cut off or damaged"),
        (export(b""), "no last line with count and checkpoint: it may be cut off"),
        (WRITER.proof(2), "a proof says nothing without the entry it is of"),
        (WRITER.receipt(2), "cannot show that position 2 holds it"),
        (Writer("elsewhere.example/log").checkpoint(), "no key is trusted for the ledger else"),
    ],
)
def test_what_is_no_evidence_is_no_verdict(file: Path, evidence: object, said: str) -> None:
    """Neither good nor bad; whoever asked is told what is missing."""
    with pytest.raises(UncheckedError, match=said):
        check_path(write(file, evidence), policy())


@pytest.mark.parametrize(
    ("evidence", "said"),
    [
        (b"{", "file: not JSON"),
        (b" \n{]", "file: not JSON"),
        ({"ctx": 7}, "receipt: expected"),
        ({"receipts": 7}, "receipts: not a list"),
        ({"entry": "", "proof": ""}, "proof: not a tlog-proof file"),
        ({"stream": "", "entries": []}, "stream: not of a version"),
        ({"tables": {}, "proof": {}}, "answer: not of a version"),
        (export(trailer(count=8, checkpoint=WRITER.checkpoint().decode())), "counts other entries"),
        (export(trailer(count=10, checkpoint=WRITER.checkpoint().decode())), "counts other"),
        (export(b'{"count":9}x\n'), "last line: not JSON"),
        (export(trailer(proof="?")), "proof: not canonical base64"),
        (export(trailer()), "checkpoint: not a signed note"),
        (export(b'{"count":9,"checkpoint":"\\ud800"}\n'), "checkpoint: not UTF-8"),
        (export(trailer(checkpoint=WRITER.checkpoint(8).decode())), "position 9: not covered by"),
        (export(ENDED).replace(b"}\n", b"},\n", 1), "file: not JSON"),
        (export(b"x\n" + ENDED), "entries: not JSON"),
    ],
)
def test_evidence_that_is_broken_is_named(file: Path, evidence: object, said: str) -> None:
    """By what is wrong with it."""
    with pytest.raises(UnsoundError, match=said):
        check_path(write(file, evidence), policy())


def test_an_export_of_no_entries_is_one(file: Path) -> None:
    """Which nothing proves."""
    with pytest.raises(UncheckedError, match="there is no entry in it"):
        check_path(write(file, ENDED), policy())
    assert MAX_FILE == 64 * 1024**2


def test_an_entry_s_file_has_up_to_65535_bytes(file: Path) -> None:
    """As an entry has."""
    entry = file.with_name("entry")
    write(file, WRITER.proof(2))
    for size, said in ((65_535, "entry: not two lines"), (65_536, "entry: more than 65535 bytes")):
        write(entry, b"x" * size)
        with pytest.raises(UnsoundError, match=said):
            check_path(file, policy(entry=entry))


def test_what_a_file_is_is_told_by_its_first_4096_bytes(file: Path) -> None:
    """A checkpoint by its first signature, or by its name."""
    text = f"{ORIGIN}\n{SIZE}\n{b64(ROOT)}\n"

    def note(size: int) -> bytes:
        """Signed; the signature line's dash and space end after so many bytes."""
        more = f"{text}{'x' * (size - len(text) - 6)}\n"
        signature = b64(WRITER.log.hash + WRITER.log.sign(more.encode()))
        raw = f"{more}\n\u2014 {WRITER.log.name} {signature}\n".encode()
        assert raw.index("\u2014 ".encode()) + 4 == size
        return raw

    assert check_path(write(file, note(4096)), policy())[0].what == "checkpoint"
    write(file, note(4097))
    with pytest.raises(UncheckedError, match="nothing that this verifier knows"):
        check_path(file, policy())
    assert check_path(file.rename(file.with_name("checkpoint")), policy())[0].what == "checkpoint"


def test_a_folder_is_a_log_or_each_of_its_files(tmp_path: Path) -> None:
    """In the order of their names, which stand in what is told; empty folders are nothing."""
    (whole,) = check_path(WRITER.export(tmp_path / "log"), policy())
    assert whole.lines[0] == WHOLE
    folder = tmp_path / "files"
    (folder / "more").mkdir(parents=True)
    with pytest.raises(UncheckedError, match=r"^files is empty"):
        check_path(folder, policy())
    write(folder / "b", WRITER.checkpoint(8))
    write(folder / "a", WRITER.proved(2))
    write(folder / "c", {"receipts": [{"receipt": WRITER.receipt(at)} for at in (3, 4)]})
    found = check_path(folder, policy(prove=proving))
    assert [one.what for one in found] == ["entry", "checkpoint", "receipt", "receipt"]
    write(folder / "d", b"words")
    with pytest.raises(UncheckedError, match=r"^d: nothing that this verifier knows"):
        check_path(folder, policy(prove=proving))
    write(folder / "d", b"PK")
    with pytest.raises(UncheckedError, match=r"^d: a zip archive") as told:
        check_path(folder, policy(prove=proving))
    assert told.value.next_step == "get the file anew"
    write(folder / "b", export(ENDED).replace(b"T00:", b"T01:"))
    write(folder / "b", "".join(compact(line) + "\n" for line in altered()).encode() + ENDED)
    with pytest.raises(UnsoundError, match=r"^position 5: b: the entry is not") as caught:
        check_path(folder, policy(prove=proving))
    assert caught.value.position == 5


def test_what_lies_in_a_folder_of_a_folder_is_not_taken_for_looked_at(tmp_path: Path) -> None:
    """It is named, and how it is verified; what is unsound beside it comes first."""
    folder = tmp_path / "files"
    (folder / "more").mkdir(parents=True)
    write(folder / "more" / "z", WRITER.proved(2))
    for files in (0, 1):
        with pytest.raises(UncheckedError, match=r"^more is a folder in it") as told:
            check_path(folder, policy())
        assert told.value.next_step == f"pipeledger verify {folder / 'more'}"
        write(folder / f"a{files}", WRITER.proved(2))
    write(folder / "b", "".join(compact(line) + "\n" for line in altered()).encode() + ENDED)
    with pytest.raises(UnsoundError, match=r"^position 5: b: the entry is not"):
        check_path(folder, policy())


def altered() -> list[dict[str, Any]]:
    """Lines, of which one is beside another leaf hash than its own."""
    lines = [dict(line) for line in WRITER.lines()]
    lines[4]["leaf"] = "00" * 32
    return lines


def test_an_empty_folder_without_a_name_is_told_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The one that the command stands in."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UncheckedError, match=r"^\. is empty"):
        check_path(Path(), policy())


def test_a_run_says_what_was_left_out_of_it() -> None:
    """Parts by their names, as far as they are named; signatures; and what the entries taught."""
    absent = Absent(2, [(1, "event"), (4, "text")])
    checkpoint = Checkpoint(ORIGIN, SIZE, ROOT)
    run = Run(2, 8, checkpoint, absent, signatures=True, notes=("a",), told=("b",))
    lines = ["positions 2 to 8: every entry checked (links, signatures, numbers, tree)",
             "2 parts not here, redacted or withheld: 1 event, 4 text", "a", "b"]  # fmt: skip
    facts = {"first": 2, "last": 8, "signatures": True, "absent": 2}
    assert not verdict_of_run(run).follows
    assert verdict_of_run(run) == Verdict("entries", ORIGIN, SIZE, ROOT, lines, facts)
    absent.count = 3
    assert verdict_of_run(run).lines[1].endswith("3 parts not here, redacted or withheld: "
                                                 "1 event, 4 text, ...")  # fmt: skip
    bare = Run(2, 8, checkpoint, absent, signatures=False)
    assert verdict_of_run(bare).lines == [
        "positions 2 to 8: every entry checked (links and tree only)",
        "not checked: signatures of the entries, times, stream numbers, parts",
    ]
