"""Proofs and receipts of single entries: what each of their fields must be."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

import pytest

from pipeledger.verifier.evidence import Policy, check_path
from pipeledger.verifier.lines import Settings
from pipeledger.verifier.part import check_parts, commitment
from pipeledger.verifier.proof import check_entry, check_proof, check_proved_entry, parse_proof
from pipeledger.verifier.receipt import check_receipts
from pipeledger.verifier.seen import ForkError
from pipeledger.verifier.trust import trusted_log
from pipeledger.verifier.wire import UncheckedError, UnsoundError
from tests.client.writer import ORIGIN, Key, Writer, b64, consistency, leaf, ledger_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pipeledger.verifier.proof import Proof
    from pipeledger.verifier.trust import TrustedLog

WRITER: Final = ledger_of(5)
LOG: Final = trusted_log(WRITER.vkeys)
ALONE: Final = ledger_of(1)
HASH: Final = b64(b"\7" * 32)


def written(text: str) -> bytes:
    """A proof file of this head."""
    return text.encode() + b"\n\n" + WRITER.checkpoint()


def test_a_proof_of_each_entry_at_each_size_is_taken() -> None:
    """With an extra line or without; it says which entry under which checkpoint."""
    for size in range(1, 6):
        for position in range(1, size + 1):
            raw = WRITER.entries[position - 1].raw
            proof = parse_proof(WRITER.proof(position, size))
            proved = check_proof(raw, proof, LOG)
            assert (proved.entry.position, proved.checkpoint.size) == (position, size)
            assert proved.absent == ()
    extra = WRITER.proof(3).replace(b"index", b"extra AAAA\nindex")
    assert parse_proof(extra) == parse_proof(WRITER.proof(3))


@pytest.mark.parametrize(
    ("head", "cause"),
    [
        ("c2sp.org/tlog-proof@v2\nindex 0", "not a tlog-proof file"),
        ("index 0", "not a tlog-proof file"),
        ("c2sp.org/tlog-proof@v1", "no index"),
        (f"c2sp.org/tlog-proof@v1\n{HASH}", "no index"),
        ("c2sp.org/tlog-proof@v1\nextra AAAA", "no index"),
        ("c2sp.org/tlog-proof@v1\nextra AAA\nindex 0", "proof extra"),
        ("c2sp.org/tlog-proof@v1\nextra AAAA\nextra AAAA\nindex 0", "no index"),
        ("c2sp.org/tlog-proof@v1\nindex -1", "proof index"),
        ("c2sp.org/tlog-proof@v1\nindex 00", "proof index"),
        ("c2sp.org/tlog-proof@v1\nindex 0\nAAAA", "proof hash"),
        ("c2sp.org/tlog-proof@v1\nindex 0" + f"\n{HASH}" * 64, "too many hashes"),
    ],
)
def test_what_is_no_proof_is_told_so(head: str, cause: str) -> None:
    """Line by line."""
    with pytest.raises(UnsoundError, match=cause):
        parse_proof(written(head))


def test_a_proof_has_up_to_63_hashes_and_a_checkpoint() -> None:
    """More than the largest tree needs, no file has."""
    assert (
        len(parse_proof(written("c2sp.org/tlog-proof@v1\nindex 0" + f"\n{HASH}" * 63)).path) == 63
    )
    with pytest.raises(UnsoundError, match="not a tlog-proof file"):
        parse_proof(b"c2sp.org/tlog-proof@v1\nindex 0\n")


def test_a_proof_of_another_entry_is_none() -> None:
    """Neither of another index nor of other bytes."""
    with pytest.raises(UnsoundError, match="speaks of position 3") as caught:
        check_proof(WRITER.entries[1].raw, parse_proof(WRITER.proof(3)), LOG)
    assert caught.value.position == 2
    wrong = WRITER.proof(2).replace(b64(WRITER.leaves[0]).encode(), HASH.encode())
    with pytest.raises(UnsoundError, match="does not lead from this entry") as caught:
        check_proof(WRITER.entries[1].raw, parse_proof(wrong), LOG)
    assert caught.value.position == 2


def _first(**changes: Any) -> bytes:  # noqa: ANN401 - JSON
    writer = Writer()
    kind = changes.pop("kind", "pipeledger.ledger.created")
    return writer.append(kind, streams=("ledger",), **changes).raw


def _signed_by(seed: bytes) -> bytes:
    writer = Writer()
    writer.intake = [Key(writer.intake[0].name, seed)]
    return writer.append().raw


@pytest.mark.parametrize(
    ("raw", "cause"),
    [
        (_first(kind="pipeledger.ledger.opened"), "not what a ledger begins with"),
        (_first(seq={"prev": "00" * 32}), "not what a ledger begins with"),
        (_first(ctx={"o": "elsewhere.example/log"}), "an entry of another ledger"),
        (Writer("elsewhere.example/log").append().raw, "an entry of another ledger"),
        (_signed_by(b"\x09" * 32), "not signed by a trusted intake key"),
    ],
)
def test_a_first_entry_begins_a_ledger(raw: bytes, cause: str) -> None:
    """Of this name, with its type and its link."""
    with pytest.raises(UnsoundError, match=cause) as caught:
        check_entry(raw, LOG)
    assert caught.value.position == 1
    assert check_entry(_first(), LOG).position == 1


def test_a_proved_entry_is_an_object_of_three_fields() -> None:
    """With its parts, or without; nothing else stands in it."""
    sound = WRITER.proved(2)
    assert check_proved_entry(sound, [LOG]).absent == ()
    bare = {name: sound[name] for name in ("entry", "proof")}
    assert check_proved_entry(bare, [LOG]).absent == ("event", "text")
    for fields in (sound | {"more": 1}, sound | {"parts": {}}, sound | {"parts": None}):
        with pytest.raises(UnsoundError, match="expected entry, proof and parts"):
            check_proved_entry(fields, [LOG])
    for name in bare:
        with pytest.raises(UnsoundError, match=name):
            check_proved_entry(sound | {name: None}, [LOG])


def _parts(change: Callable[[list[dict[str, Any]]], object]) -> list[dict[str, Any]]:
    parts: list[dict[str, Any]] = json.loads(json.dumps(WRITER.entries[1].parts))
    change(parts)
    return parts


@pytest.mark.parametrize(
    ("change", "cause"),
    [
        (lambda parts: parts.append("event"), "not an object with a name"),
        (lambda parts: parts.append({"name": 7}), "not an object with a name"),
        (lambda parts: parts.append(parts[0]), "a part event, twice"),
        (lambda parts: parts[0].update(name="o\nther"), r"a part o\?ther, which the entry does"),
        (lambda parts: parts[0].update(bytes=None), "bytes of part event"),
        (lambda parts: parts[0].update(salt=None), "salt of part event"),
        (lambda parts: parts[0].update(bytes="AAAA"), "part event: 3 bytes, not"),
        (lambda parts: parts[1].update(bytes=b64(b"note 7")), "part text: not what the entry"),
        (lambda parts: parts[1].update(salt=b64(b"\0" * 32)), "part text: not what the entry"),
        (lambda parts: parts[1].update(salt=b64(b"\0" * 31)), "part text: not what the entry"),
    ],
)
def test_a_part_is_what_its_entry_commits_to(
    change: Callable[[list[dict[str, Any]]], object], cause: str
) -> None:
    """By name, once, and byte by byte."""
    entry = check_entry(WRITER.entries[1].raw, LOG)
    with pytest.raises(UnsoundError, match=cause) as caught:
        check_parts(entry, _parts(change))
    assert caught.value.position == 2


def test_a_salt_of_another_length_commits_to_nothing() -> None:
    """Even where the entry says so: what is salt and what is content would be open."""
    salt, body = b"\5" * 31, b"text"
    told = {"len": len(body), "c": commitment(salt, body)}
    entry = check_entry(Writer().append(ctx={"event": told}).raw, LOG)
    parts = [{"name": "event", "salt": b64(salt), "bytes": b64(body)}]
    with pytest.raises(UnsoundError, match="not what the entry commits to"):
        check_parts(entry, parts)


def test_the_name_of_an_unknown_part_is_shown_as_far_as_it_is_text() -> None:
    """Forty characters of ASCII; whatever could move a terminal's cursor is a question mark."""
    entry = check_entry(WRITER.entries[1].raw, LOG)
    parts = [{"name": "a b~\x1b\x7f\u00e9" + "c" * 50}]
    with pytest.raises(UnsoundError) as caught:
        check_parts(entry, parts)
    shown = "a b~???" + "c" * 33
    assert caught.value.cause == f"a part {shown}, which the entry does not speak of"


def test_a_part_that_was_taken_away_is_absent() -> None:
    """Whether it is named without bytes and salt, or not at all."""
    entry = check_entry(WRITER.entries[1].raw, LOG)
    assert check_parts(entry, _parts(lambda parts: parts[0].update(bytes=None, salt=None))) == [
        "event"
    ]
    assert check_parts(entry, _parts(lambda parts: parts.pop())) == ["text"]


def proving(size: int = 5, writer: Writer = WRITER) -> Callable[[TrustedLog, int], Proof]:
    """Gives proofs under the checkpoint of a size."""
    return lambda _log, position: parse_proof(writer.proof(position, size))


def test_a_receipt_is_proved_by_a_proof() -> None:
    """Also many in one answer, of which some were refused; an only entry proves itself."""
    one = check_receipts(WRITER.receipt(2, 3), [LOG], proving())
    assert [(each.entry.position, each.checkpoint.size) for each in one] == [(2, 5)]
    same = check_receipts(WRITER.receipt(5, 5), [LOG], proving())
    assert [each.entry.position for each in same] == [5]
    listed = [
        {"status": 201, "receipt": {
            name: value for name, value in WRITER.receipt(position).items() if name != "checkpoint"
        }} for position in (3, 4)
    ]  # fmt: skip
    answer = {
        "receipts": [*listed, {"status": 400, "problem": {}}],
        "checkpoint": WRITER.checkpoint().decode(),
    }
    assert [one.entry.position for one in check_receipts(answer, [LOG], proving())] == [3, 4]
    alone = check_receipts(ALONE.receipt(1), [trusted_log(ALONE.vkeys)], None)
    assert [one.checkpoint.size for one in alone] == [1]


@pytest.mark.parametrize(
    ("changes", "cause"),
    [
        ({"seq": None}, "expected seq, ctx, checkpoint and leaf"),
        ({"leaf": 7}, "expected seq, ctx, checkpoint and leaf"),
        ({"checkpoint": None}, "expected seq, ctx, checkpoint and leaf"),
        ({"ctx": []}, "expected seq, ctx, checkpoint and leaf"),
        ({"ctx": "\ud800"}, "not UTF-8"),
        ({"position": 3}, "names another position"),
        ({"position": None}, "names another position"),
        ({"leaf": "00" * 32}, "not that of the entry"),
        ({"checkpoint": WRITER.checkpoint(1).decode()}, "does not cover it"),
    ],
)
def test_a_receipt_misstates_nothing(changes: dict[str, Any], cause: str) -> None:
    """Each field."""
    with pytest.raises(UnsoundError, match=cause):
        check_receipts(WRITER.receipt(2) | changes, [LOG], proving())


@pytest.mark.parametrize("fields", [{"receipts": {}}, {"receipts": [7]}, {"receipts": [[]]},
                                    {"receipts": [{"receipt": 7}]}])  # fmt: skip
def test_what_holds_no_receipts_is_told_so(fields: dict[str, Any]) -> None:
    """A list of objects."""
    with pytest.raises(UnsoundError, match="receipts: not a"):
        check_receipts(fields, [LOG], None)


def test_without_a_proof_or_a_receipt_there_is_no_verdict() -> None:
    """Neither good nor bad."""
    with pytest.raises(UncheckedError, match="no receipt in it"):
        check_receipts({"receipts": [{"status": 400}]}, [LOG], None)
    with pytest.raises(UncheckedError, match="cannot show that position 2 holds it"):
        check_receipts(WRITER.receipt(2), [LOG], None)
    with pytest.raises(UncheckedError, match="cannot show that position 1 holds it"):
        check_receipts(WRITER.receipt(1), [LOG], None)
    # Of size 1, but of another first entry.
    other = Writer()
    other.append(named={"text": b"another"})
    receipt = ALONE.receipt(1) | {"checkpoint": other.checkpoint().decode()}
    with pytest.raises(UncheckedError, match="cannot show that position 1 holds it"):
        check_receipts(receipt, [trusted_log(ALONE.vkeys)], None)


def test_a_proof_by_less_or_by_other_entries_than_the_receipt_s_is_found(tmp_path: Path) -> None:
    """The ledger signed one thing and answers with another."""
    with pytest.raises(UnsoundError, match="less than it had signed"):
        check_receipts(WRITER.receipt(2), [LOG], proving(4))
    fork = Writer()
    for one in WRITER.entries[:3]:
        fork.entries.append(one)
    fork.append(streams=("other",))
    fork.append()
    assert fork.origin == ORIGIN
    assert leaf(fork.entries[3].raw) != WRITER.leaves[3]
    receipt = tmp_path / "receipt"

    def between(_: TrustedLog, old: int, new: int) -> list[bytes]:
        return consistency(old, fork.leaves[:new])

    policy = Policy([LOG], Settings(), prove=proving(writer=fork), consistency=between)
    for size, said in ((5, "two different roots are signed for size 5: a fork"),
                       (4, "the 5 entries do not begin with the 4 ones"),
                       (3, "")):  # fmt: skip
        receipt.write_text(json.dumps(WRITER.receipt(2, size)))
        if said:
            with pytest.raises(ForkError, match=said):
                check_path(receipt, policy)
        else:
            assert [one.what for one in check_path(receipt, policy)] == ["receipt"]
