"""What can be altered in an exported log or a proof, and who among the verifiers sees it."""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final

from domain.log.checkpoint import Checkpoint, sign_checkpoint
from domain.log.key import SigningKey
from domain.log.tile import Tile
from domain.log.wire import write_base64
from tests.tools.verifiers import replace

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

ORIGIN: Final = "ledger.example/independent"
BOTH: Final = ("go", "scales")
OTHER: Final = SigningKey(ORIGIN, b"o" * 32)
"""A key of the log's name that is not its key."""


def flipped(raw: bytes, at: int) -> bytes:
    """The bytes with one bit changed."""
    at %= len(raw)
    return raw[:at] + bytes([raw[at] ^ 1]) + raw[at + 1 :]


def split(bundle: bytes) -> list[bytes]:
    """The entries of a bundle, each with its length."""
    found = []
    while bundle:
        end = 2 + int.from_bytes(bundle[:2], "big")
        found.append(bundle[:end])
        bundle = bundle[end:]
    return found


def changed(name: str, change: Callable[[bytes], bytes]) -> Callable[[Path], None]:
    """Alters one file of a folder."""
    return lambda folder: replace(folder / name, change((folder / name).read_bytes()))


def of_entries(name: str, change: Callable[[list[bytes]], list[bytes]]) -> Callable[[Path], None]:
    """Alters the row of entries of a bundle."""
    return changed(name, lambda raw: b"".join(change(split(raw))))


def of_signature(change: Callable[[bytes], bytes]) -> Callable[[Path], None]:
    """Alters what the signature line of the checkpoint holds."""

    def alter(raw: bytes) -> bytes:
        head, _, encoded = raw.rstrip(b"\n").rpartition(b" ")
        return head + b" " + b64encode(change(b64decode(encoded))) + b"\n"

    return changed("checkpoint", alter)


def resigned(raw: bytes, **other: Any) -> bytes:  # noqa: ANN401 - fields of a checkpoint
    """A checkpoint that somebody else signed in the log's name."""
    there = Checkpoint.of(raw)
    told = {"origin": there.origin, "size": there.size, "root": there.root, **other}
    key = OTHER if told["origin"] == ORIGIN else SigningKey(told["origin"], b"e" * 32)
    return sign_checkpoint(Checkpoint(**told), [key])


BUNDLE: Final = "tile/entries/100"
NO_ROOT: Final = b"A" * 43 + b"="
EDGE: Final = "tile/entries/273.p/112"

# What was altered, and by whom it is seen; a reader of tiles that takes the first W elements of
# a partial tile does not see what stands behind them.
ALTERED: Final[dict[str, tuple[Callable[[Path], None], tuple[str, ...]]]] = {
    "a bit of an entry": (changed(BUNDLE, lambda raw: flipped(raw, 500)), BOTH),
    "a bit of the first entry": (changed("tile/entries/000", lambda raw: flipped(raw, 40)), BOTH),
    "a bit of the last entry": (changed(EDGE, lambda raw: flipped(raw, -1)), BOTH),
    "an entry's length": (changed(BUNDLE, lambda raw: flipped(raw, 1)), BOTH),
    "an entry left out": (of_entries(BUNDLE, lambda rows: [*rows[:7], *rows[8:]]), BOTH),
    "an entry of the edge left out": (of_entries(EDGE, lambda rows: rows[:-1]), BOTH),
    "an entry doubled": (of_entries(BUNDLE, lambda rows: [*rows[:8], *rows[7:]]), BOTH),
    "an entry put between": (
        of_entries(BUNDLE, lambda rows: [*rows[:8], b"\0\1x", *rows[8:]]),
        BOTH,
    ),
    "an entry in another's place": (
        of_entries(BUNDLE, lambda rows: [*rows[:8], rows[9], *rows[9:]]),
        BOTH,
    ),
    "entries swapped": (of_entries(BUNDLE, lambda rows: [rows[1], rows[0], *rows[2:]]), BOTH),
    "an entry behind the edge": (of_entries(EDGE, lambda rows: [*rows, rows[0]]), ("go",)),
    "a bundle cut off in an entry": (changed(BUNDLE, lambda raw: raw[:-1]), BOTH),
    "a bundle cut off in a length": (
        of_entries(BUNDLE, lambda rows: [*rows[:-1], rows[-1][:1]]),
        BOTH,
    ),
    "a bundle of another place": (
        lambda folder: replace(folder / BUNDLE, (folder / "tile/entries/101").read_bytes()),
        BOTH,
    ),
    "no bundle": (lambda folder: (folder / BUNDLE).unlink(), BOTH),
    "an empty bundle": (changed(BUNDLE, lambda _: b""), BOTH),
    "a bit at level 0": (changed("tile/0/100", lambda raw: flipped(raw, 5000)), BOTH),
    "a bit at level 0, at the edge": (
        changed("tile/0/273.p/112", lambda raw: flipped(raw, 9)),
        BOTH,
    ),
    "a bit at level 1": (changed("tile/1/000", lambda raw: flipped(raw, 3210)), BOTH),
    "a bit at level 1, at the edge": (
        changed("tile/1/001.p/17", lambda raw: flipped(raw, 33)),
        BOTH,
    ),
    "a bit at level 2": (changed("tile/2/000.p/1", lambda raw: flipped(raw, 31)), BOTH),
    "an entry and its leaf together": (
        lambda folder: forged(folder, levels=1),
        BOTH,
    ),
    "an entry and all hashes over it": (
        lambda folder: forged(folder, levels=3),
        BOTH,
    ),
    "hashes swapped": (
        changed("tile/0/100", lambda raw: raw[32:64] + raw[:32] + raw[64:]),
        BOTH,
    ),
    "a tile cut off": (changed("tile/0/100", lambda raw: raw[:-32]), BOTH),
    "a tile cut off in a hash": (changed("tile/0/100", lambda raw: raw[:-1]), BOTH),
    "a hash too many": (changed("tile/0/100", lambda raw: raw + raw[:32]), BOTH),
    "a hash behind the edge": (changed("tile/0/273.p/112", lambda raw: raw + raw[:32]), ("go",)),
    "a tile of another level": (
        lambda folder: replace(folder / "tile/1/000", (folder / "tile/0/000").read_bytes()),
        BOTH,
    ),
    "no tile": (lambda folder: (folder / "tile/0/100").unlink(), BOTH),
    "no tile at level 1": (lambda folder: (folder / "tile/1/000").unlink(), BOTH),
    "no tile at the edge": (lambda folder: (folder / "tile/0/273.p/112").unlink(), BOTH),
    "another origin": (changed("checkpoint", lambda raw: raw.replace(b"ent\n", b"end\n", 1)), BOTH),
    "another size": (changed("checkpoint", lambda raw: raw.replace(b"70000", b"69999")), BOTH),
    "a smaller tree of the same root": (
        changed("checkpoint", lambda raw: raw.replace(b"70000", b"65536")),
        BOTH,
    ),
    "a leading zero": (
        changed("checkpoint", lambda raw: raw.replace(b"70000", b"070000")),
        ("go",),
    ),
    "another root": (
        changed("checkpoint", lambda raw: re.sub(rb"(\n70000\n)[^\n]+", rb"\1" + NO_ROOT, raw)),
        BOTH,
    ),
    "a line more": (changed("checkpoint", lambda raw: raw.replace(b"\n\n", b"\nmore\n\n")), BOTH),
    "a bit of the signature": (of_signature(lambda raw: flipped(raw, 30)), BOTH),
    "a shorter signature": (of_signature(lambda raw: raw[:-1]), BOTH),
    "another key's hash": (of_signature(lambda raw: flipped(raw, 0)), BOTH),
    "another signer's name": (
        changed(
            "checkpoint",
            lambda raw: raw.replace("\u2014 ledger".encode(), "\u2014 logger".encode()),
        ),
        BOTH,
    ),
    "no signature": (changed("checkpoint", lambda raw: raw.partition(b"\n\n")[0] + b"\n\n"), BOTH),
    "no checkpoint": (lambda folder: (folder / "checkpoint").unlink(), BOTH),
    "somebody else's signature": (changed("checkpoint", resigned), BOTH),
    "somebody else's tree": (
        changed("checkpoint", lambda raw: resigned(raw, size=9, root=bytes(32))),
        BOTH,
    ),
    "another log's checkpoint": (
        changed("checkpoint", lambda raw: resigned(raw, origin="ledger.example/other")),
        BOTH,
    ),
    "an older signature under the newest text": (
        lambda folder: replace(
            folder / "checkpoint",
            (folder / "checkpoint").read_bytes().partition(b"\n\n")[0]
            + b"\n\n"
            + (folder / "older").read_bytes().partition(b"\n\n")[2],
        ),
        BOTH,
    ),
}


def forged(folder: Path, *, levels: int) -> None:
    """Alter an entry and make its hashes anew, level by level, as far as asked for."""
    rows = split((folder / BUNDLE).read_bytes())
    entry = rows[3][2:].replace(b"checkout", b"checkaut")
    assert entry != rows[3][2:]
    rows[3] = rows[3][:2] + entry
    replace(folder / BUNDLE, b"".join(rows))
    index, digest = 100 * 256 + 3, sha256(b"\0" + entry).digest()
    for level in range(levels):
        number, at = divmod(index, 256)
        file = next(
            one
            for one in (folder / Tile(level, number).path, folder / f"tile/{level}/000.p/1")
            if one.exists()
        )
        raw = file.read_bytes()
        replace(file, raw[: at * 32] + digest + raw[at * 32 + 32 :])
        row = [file.read_bytes()[pos : pos + 32] for pos in range(0, len(raw), 32)]
        while len(row) > 1:
            pairs = zip(row[::2], row[1::2], strict=True)
            row = [sha256(b"\1" + left + right).digest() for left, right in pairs]
        index, digest = number, row[0]


def of_proof(change: Callable[[list[str]], list[str]]) -> Callable[[Path], None]:
    """Alters the lines of a proof before its checkpoint."""

    def alter(folder: Path) -> None:
        file = folder / "65537.tlog-proof"
        head, _, note = file.read_text().partition("\n\n")
        replace(file, ("\n".join(change(head.split("\n"))) + "\n\n" + note).encode())

    return alter


def _hash_flipped(line: str) -> str:
    return write_base64(flipped(b64decode(line), 0))


PROOFS: Final[dict[str, Callable[[Path], None]]] = {
    "the entry": changed("65537.entry", lambda raw: flipped(raw, 100)),
    "another entry": changed("65537.entry", lambda raw: raw + b" "),
    "the index": of_proof(lambda lines: [lines[0], "index 65537", *lines[2:]]),
    "the first hash": of_proof(lambda lines: [*lines[:2], _hash_flipped(lines[2]), *lines[3:]]),
    "the last hash": of_proof(lambda lines: [*lines[:-1], _hash_flipped(lines[-1])]),
    "hashes swapped": of_proof(lambda lines: [*lines[:2], lines[3], lines[2], *lines[4:]]),
    "a hash left out": of_proof(lambda lines: lines[:-1]),
    "a hash too many": of_proof(lambda lines: [*lines, lines[-1]]),
    "no hash": of_proof(lambda lines: lines[:2]),
    "the size": changed("65537.tlog-proof", lambda raw: raw.replace(b"\n70000\n", b"\n65537\n")),
    "the origin": changed(
        "65537.tlog-proof", lambda raw: raw.replace(b"independent\n", b"independend\n", 1)
    ),
    "the signature": changed("65537.tlog-proof", lambda raw: raw[:-20] + b"A" + raw[-19:]),
    "another tree's checkpoint": changed(
        "65537.tlog-proof",
        lambda raw: raw.partition(b"\n\n")[0] + b"\n\n" + resigned(raw.partition(b"\n\n")[2]),
    ),
}
