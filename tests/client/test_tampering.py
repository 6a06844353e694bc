"""Whatever is changed in an exported ledger is found, and the first bad position is named."""

from __future__ import annotations

import base64
import copy
import json
from typing import TYPE_CHECKING, Any

import pytest

from pipeledger.verifier.evidence import Policy, check_path
from pipeledger.verifier.lines import Settings
from pipeledger.verifier.trust import TrustedLog, trusted_log
from pipeledger.verifier.wire import Checkpoint, UncheckedError, UnsoundError
from tests.client.writer import Key, Writer, b64, compact, leaf, ledger_of, root, write_lines

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SIZE = 9
BAD = 5
SEQ_FIELDS = ("v", "prev", "pos", "at", "sn", "sig")
CTX_FIELDS = ("o", "type", "tv", "as", "by", "streams", "tags", "event", "parts")

Lines = list[dict[str, Any]]


@pytest.fixture(scope="module")
def writer() -> Writer:
    """A sound ledger of nine entries."""
    return ledger_of(SIZE)


@pytest.fixture(scope="module")
def log(writer: Writer) -> TrustedLog:
    """Trust in its keys."""
    return trusted_log(writer.vkeys)


def judge(
    folder: Path,
    writer: Writer,
    lines: Lines,
    log: TrustedLog,
    *,
    known: tuple[Checkpoint, ...] = (),
    signatures: bool = True,
) -> None:
    """Verify lines as an export beside the ledger's true checkpoint."""
    folder.mkdir(exist_ok=True)
    (folder / "checkpoint").write_bytes(writer.checkpoint())
    write_lines(folder / "entries.ndjson", lines)
    check_path(folder, Policy([log], Settings(known=known, signatures=signatures)))


def set_raw(line: dict[str, Any], raw: bytes, *, leaves: str) -> None:
    """Replace the entry of a line; `leaves` says whether the leaf beside it follows."""
    line["entry"] = b64(raw)
    if leaves == "follows":
        line["leaf"] = leaf(raw).hex()
    elif leaves == "gone":
        line.pop("leaf", None)


def raw_of(line: dict[str, Any]) -> bytes:
    """The entry of a line."""
    return base64.b64decode(line["entry"])


def bit_places(raw: bytes) -> list[tuple[str, int]]:
    """A byte inside the value of each field of both lines."""
    seq, ctx = raw.split(b"\n")
    places = []
    for line, fields, start in ((seq, SEQ_FIELDS, 0), (ctx, CTX_FIELDS, len(seq) + 1)):
        for name in fields:
            at = line.index(f'"{name}":'.encode()) + len(name) + 3
            # Inside the value, past brackets and quotation marks.
            while chr(line[at]) in '[{"':
                at += 1
            places.append((name, start + at))
    return places


@pytest.mark.parametrize("leaves", ["stays", "follows", "gone"])
@pytest.mark.parametrize("position", [1, BAD, SIZE - 1, SIZE])
def test_a_bit_flipped_in_any_field_is_found_at_its_entry(
    writer: Writer, log: TrustedLog, tmp_path: Path, leaves: str, position: int
) -> None:
    """Each field of both lines, whether or not the leaf hash beside the entry was mended."""
    raw = writer.entries[position - 1].raw
    for name, at in bit_places(raw):
        for bit in (1, 2, 128):
            lines = writer.lines()
            altered = raw[:at] + bytes([raw[at] ^ bit]) + raw[at + 1 :]
            set_raw(lines[position - 1], altered, leaves=leaves)
            with pytest.raises(UnsoundError) as caught:
                judge(tmp_path / "export", writer, lines, log)
            assert caught.value.position == position, f"{name} bit {bit}: {caught.value}"


@pytest.mark.parametrize("position", [1, BAD, SIZE])
def test_links_alone_find_it_too(
    writer: Writer, log: TrustedLog, tmp_path: Path, position: int
) -> None:
    """Without signatures, a changed time or tag is still found at its entry."""
    raw = writer.entries[position - 1].raw
    for old, new in ((b"Z", b"Y"), (b"checkout", b"checkins"), (b'"v":1', b'"v":2')):
        lines = writer.lines()
        set_raw(lines[position - 1], raw.replace(old, new, 1), leaves="follows")
        with pytest.raises(UnsoundError) as caught:
            judge(tmp_path / "export", writer, lines, log, signatures=False)
        assert caught.value.position == position


@pytest.mark.parametrize("field", ["bytes", "salt", "name"])
def test_a_changed_part_is_found(
    writer: Writer, log: TrustedLog, tmp_path: Path, field: str
) -> None:
    """A part that is not the committed one, or is called otherwise."""
    lines = writer.lines()
    part = lines[BAD - 1]["parts"][0] = dict(lines[BAD - 1]["parts"][0])
    part[field] = "other" if field == "name" else b64(b"x" * 32)
    lines[BAD - 1]["parts"] = [part]
    with pytest.raises(UnsoundError, match=f"position {BAD}"):
        judge(tmp_path / "export", writer, lines, log)


def test_redacted_parts_are_told_and_accuse_nobody(
    writer: Writer, log: TrustedLog, tmp_path: Path
) -> None:
    """A part that is gone, null, or withheld leaves the ledger sound."""
    lines = copy.deepcopy(writer.lines())
    lines[1]["parts"] = [one for one in lines[1]["parts"] if one["name"] != "text"]
    lines[2]["parts"][0] |= {"bytes": None, "salt": None}
    del lines[4]["parts"]
    write_lines(tmp_path / "entries.ndjson", lines)
    (tmp_path / "checkpoint").write_bytes(writer.checkpoint())
    (verdict,) = check_path(tmp_path, Policy([log], Settings()))
    assert "3 parts not here, redacted or withheld: 2 text, 3 event, 5 event" in verdict.lines


def swapped(lines: Lines) -> Lines:
    """Two neighbours change places."""
    lines[4], lines[5] = lines[5], lines[4]
    return lines


def swapped_and_renumbered(lines: Lines) -> Lines:
    """Two neighbours change places and numbers."""
    lines = swapped(lines)
    return renumbered(lines, 4)


def renumbered(lines: Lines, start: int) -> Lines:
    """The positions from an index on run on from the one before."""
    for number, line in enumerate(lines[start:], start + 1):
        seq, ctx = raw_of(line).split(b"\n")
        fields = json.loads(seq)
        fields["pos"] = number
        set_raw(line, compact(fields).encode() + b"\n" + ctx, leaves="follows")
        line["position"] = number
    return lines


@pytest.mark.parametrize(
    ("tamper", "position"),
    [
        (lambda lines: lines[:4] + lines[5:], 5),
        (lambda lines: renumbered(lines[:4] + lines[5:], 4), 5),
        (lambda lines: lines[1:], None),
        (lambda lines: lines[:-1], SIZE),
        (lambda lines: lines[:1], 2),
        (swapped, 5),
        (swapped_and_renumbered, 5),
        (lambda lines: [*lines[:4], dict(lines[3]), *lines[4:]], 5),
        (lambda lines: renumbered([*lines[:4], dict(lines[3]), *lines[4:]], 4), 5),
        (lambda lines: [*lines, dict(lines[-1])], SIZE + 1),
        (lambda lines: renumbered([*lines, dict(lines[-1])], SIZE), SIZE + 1),
        (lambda lines: [lines[0], *lines[2:], lines[1]], 2),
    ],
)
def test_entries_cannot_be_removed_moved_or_added(
    writer: Writer,
    log: TrustedLog,
    tmp_path: Path,
    tamper: Callable[[Lines], Lines],
    position: int | None,
) -> None:
    """Removed, swapped, doubled, renumbered: the first place that is wrong is named."""
    with pytest.raises((UnsoundError, UncheckedError)) as caught:
        judge(tmp_path, writer, tamper(copy.deepcopy(writer.lines())), log)
    if position is None:
        assert isinstance(caught.value, UncheckedError)
    else:
        assert isinstance(caught.value, UnsoundError)
        assert caught.value.position == position, str(caught.value)


def test_two_altered_neighbours_are_told_by_the_root(
    writer: Writer, log: TrustedLog, tmp_path: Path
) -> None:
    """The links of the entries after them still speak of the true leaves."""
    lines = writer.lines()
    for number in (5, 6):
        raw = raw_of(lines[number - 1])
        set_raw(lines[number - 1], raw.replace(b"T00:", b"T01:", 1), leaves="follows")
    with pytest.raises(UnsoundError) as caught:
        judge(tmp_path, writer, lines, log)
    assert caught.value.position == 5


@pytest.mark.parametrize(
    ("name", "forge", "position"),
    [
        ("a foreign key", {"seq": {"sig": []}}, 3),
        ("time goes back", {"seq": {"at": "2025-12-31T00:00:00.000000Z"}}, 3),
        ("a number is skipped", {"seq": {"sn": [4, 1]}}, 3),
        ("another ledger", {"ctx": {"o": "pipeledger.example/other"}}, 3),
        ("another version", {"seq": {"v": 2}}, 3),
        ("tags out of order", {"ctx": {"tags": ["b:1", "a:1"]}}, 3),
    ],
)
def test_a_ledger_that_signs_what_it_must_not_is_found_out(
    tmp_path: Path, name: str, forge: dict[str, Any], position: int
) -> None:
    """Links, root and checkpoint all fit, and still the entry is wrong by itself."""
    writer = ledger_of(2)
    if name == "a foreign key":
        stranger = Key(writer.intake[0].name, b"\x09" * 32)
        writer.intake = [stranger]
        forge = {}
    writer.append(streams=("line/checkout@production", "deployment/0.2"), **forge)
    honest = Writer()
    log = trusted_log(honest.vkeys)
    with pytest.raises(UnsoundError) as caught:
        judge(tmp_path, writer, writer.lines(), log)
    assert caught.value.position == position, name


@pytest.mark.parametrize(
    ("first", "signatures", "cause"),
    [
        ({"seq": {"prev": "00" * 32}}, True, "not that of a first entry"),
        ({"seq": {"prev": "00" * 32}}, False, "not that of a first entry"),
        ({"type_name": "pipeledger.ledger.opened"}, True, "a ledger begins with"),
    ],
)
def test_a_ledger_begins_with_its_own_link_and_its_creation(
    tmp_path: Path, first: dict[str, Any], cause: str, *, signatures: bool
) -> None:
    """So its beginning cannot have been cut off, or be another ledger's."""
    writer = Writer()
    writer.append(**first)
    writer.append()
    log = trusted_log(writer.vkeys)
    with pytest.raises(UnsoundError, match=cause) as caught:
        judge(tmp_path, writer, writer.lines(), log, signatures=signatures)
    assert caught.value.position == 1


def test_a_known_state_of_another_ledger_leaves_no_verdict(
    writer: Writer, log: TrustedLog, tmp_path: Path
) -> None:
    """Each has a history of its own: it neither is contained nor accuses anybody of a fork."""
    other = Checkpoint("elsewhere.example/log", 6, b"\0" * 32)
    with pytest.raises(UncheckedError, match="the known checkpoint is of elsewhere"):
        judge(tmp_path, writer, writer.lines(), log, known=(other,))


def test_a_fork_is_found_where_an_older_checkpoint_was_kept(writer: Writer, tmp_path: Path) -> None:
    """A ledger written anew, sound by itself, does not contain the root that was seen."""
    other = ledger_of(3)
    for _ in range(SIZE - 3):
        other.append(streams=("line/other@production",))
    seen = Checkpoint(writer.origin, 6, root(writer.leaves[:6]))
    log = trusted_log(writer.vkeys, seen=seen)
    with pytest.raises(UnsoundError, match="a fork"):
        judge(tmp_path, other, other.lines(), log)
    judge(tmp_path, writer, writer.lines(), log)


def test_a_shorter_ledger_is_refused_where_more_was_known(writer: Writer, tmp_path: Path) -> None:
    """A true prefix with its own true checkpoint is a rollback to those who saw more."""
    short = ledger_of(6)
    log = trusted_log(writer.vkeys)
    known = Checkpoint(writer.origin, SIZE, root(writer.leaves))
    judge(tmp_path, short, short.lines(), log)
    with pytest.raises(UnsoundError, match="position 7: missing"):
        judge(tmp_path, short, short.lines(), log, known=(known,))


def test_tiles_are_read_as_well_and_their_damage_is_named(writer: Writer, tmp_path: Path) -> None:
    """A tiled log of two bundles; then a flipped byte, a cut bundle, a missing one."""
    big = ledger_of(300)
    log = trusted_log(big.vkeys)
    (tmp_path / "checkpoint").write_bytes(big.checkpoint())
    entries = tmp_path / "tile" / "entries"
    (entries / "001.p").mkdir(parents=True)
    full, partial = entries / "000", entries / "001.p" / "44"

    def bundle(first: int, last: int) -> bytes:
        return b"".join(
            len(one.raw).to_bytes(2, "big") + one.raw for one in big.entries[first:last]
        )

    full.write_bytes(bundle(0, 256))
    partial.write_bytes(bundle(256, 300))
    policy = Policy([log], Settings())
    (verdict,) = check_path(tmp_path, policy)
    assert verdict.size == 300
    sound = bytearray(full.read_bytes())
    at = sound.index(b'"at":"2026-01-01T00:01:40')
    sound[at + 8] ^= 1
    full.write_bytes(sound)
    with pytest.raises(UnsoundError, match="position 100:"):
        check_path(tmp_path, policy)
    full.write_bytes(bundle(0, 256)[:-10])
    with pytest.raises(UnsoundError, match="position 256:"):
        check_path(tmp_path, policy)
    full.unlink()
    with pytest.raises(UnsoundError, match="position 1:"):
        check_path(tmp_path, policy)
    assert writer.origin == big.origin
