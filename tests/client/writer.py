"""Writes ledgers for tests, from the format description and by its own code.

It can write what no honest ledger writes: every line, link and signature can be replaced.
"""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, field
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

if TYPE_CHECKING:
    from pathlib import Path

ORIGIN = "pipeledger.example/tests"
PAYLOAD_TYPE = "application/vnd.pipeledger.ctx.v1+json"


def b64(raw: bytes) -> str:
    """Standard base64 with padding."""
    return base64.b64encode(raw).decode()


def compact(value: object) -> str:
    """JSON without spaces."""
    return json.dumps(value, separators=(",", ":"))


class Key:
    """An Ed25519 key under a name."""

    def __init__(self, name: str, seed: bytes) -> None:
        self.name = name
        self._private = Ed25519PrivateKey.from_private_bytes(seed)
        self._typed = b"\x01" + self._private.public_key().public_bytes_raw()
        self.hash = sha256(name.encode() + b"\n" + self._typed).digest()[:4]

    @property
    def vkey(self) -> str:
        """The verifier key."""
        return f"{self.name}+{self.hash.hex()}+{b64(self._typed)}"

    def sign(self, message: bytes) -> bytes:
        """The signature."""
        return self._private.sign(message)


def leaf(raw: bytes) -> bytes:
    """Leaf hash of an entry."""
    return sha256(b"\0" + raw).digest()


def root(leaves: list[bytes]) -> bytes:
    """The root by the recursive definition of RFC 6962."""
    if len(leaves) < 2:
        return leaves[0] if leaves else sha256(b"").digest()
    cut = 1 << (len(leaves) - 1).bit_length() - 1
    return sha256(b"\1" + root(leaves[:cut]) + root(leaves[cut:])).digest()


def path(index: int, leaves: list[bytes]) -> list[bytes]:
    """The inclusion path by the recursive definition of RFC 6962."""
    if len(leaves) < 2:
        return []
    cut = 1 << (len(leaves) - 1).bit_length() - 1
    if index < cut:
        return [*path(index, leaves[:cut]), root(leaves[cut:])]
    return [*path(index - cut, leaves[cut:]), root(leaves[:cut])]


def consistency(old: int, leaves: list[bytes], *, known: bool = True) -> list[bytes]:
    """The consistency path by the recursive definition of RFC 6962."""
    if old == len(leaves):
        return [] if known else [root(leaves)]
    cut = 1 << (len(leaves) - 1).bit_length() - 1
    if old <= cut:
        return [*consistency(old, leaves[:cut], known=known), root(leaves[cut:])]
    return [*consistency(old - cut, leaves[cut:], known=False), root(leaves[:cut])]


@dataclass
class Written:
    """An entry that was written.

    Attributes:
        raw: its bytes.
        parts: its parts as exported.
    """

    raw: bytes
    parts: list[dict[str, Any]]


@dataclass
class Writer:
    """A ledger in memory.

    Attributes:
        origin: its name.
        log: signs checkpoints.
        intake: sign contexts.
        entries: what was written.
    """

    origin: str = ORIGIN
    log: Key = field(init=False)
    intake: list[Key] = field(init=False)
    entries: list[Written] = field(default_factory=list)
    numbers: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.log = Key(self.origin, b"\x02" * 32)
        self.intake = [Key(f"{self.origin}/intake", b"\x01" * 32)]

    @property
    def vkeys(self) -> list[str]:
        """All its verifier keys."""
        return [self.log.vkey, *(key.vkey for key in self.intake)]

    @property
    def fingerprint(self) -> str:
        """What people compare."""
        return "sha256:" + sha256("\n".join(sorted(self.vkeys)).encode()).hexdigest()

    @property
    def leaves(self) -> list[bytes]:
        """Leaf hashes of all entries."""
        return [leaf(one.raw) for one in self.entries]

    def append(
        self,
        type_name: str = "pipeledger.deployment.finished",
        *,
        streams: tuple[str, ...] = ("line/checkout@production",),
        named: dict[str, bytes] | None = None,
        seq: dict[str, Any] | None = None,
        ctx: dict[str, Any] | None = None,
    ) -> Written:
        """Write the next entry; `seq` and `ctx` replace fields of the lines before signing."""
        position = len(self.entries) + 1
        if position == 1 and type_name == "pipeledger.deployment.finished":
            type_name, streams = "pipeledger.ledger.created", ("ledger",)
        event = compact({"id": f"e-{position}", "type": f"{type_name}.v1"}).encode()
        bodies = {"event": event, **(named or {})}
        salts = {name: sha256(f"{position} {name}".encode()).digest() for name in bodies}
        digests = {
            name: sha256(b"pipeledger/part/v1\0" + salts[name] + body).hexdigest()
            for name, body in bodies.items()
        }
        context = {
            "o": self.origin,
            "type": type_name,
            "tv": 1,
            "as": "asserted",
            "by": {"p": "wkl_" + "a" * 32, "cred": "crd_" + "b" * 32, "how": "token",
                   "claims": None},
            "streams": list(streams),
            "tags": ["environment:production", "service:checkout"],
            "event": {"len": len(event), "c": digests["event"]},
            "parts": [
                {"name": name, "ct": "text/plain", "len": len(bodies[name]), "c": digests[name]}
                for name in sorted(named or {})
            ],
        } | (ctx or {})  # fmt: skip
        line = compact(context).encode()
        message = b"DSSEv1 %d %b %d %b" % (
            len(PAYLOAD_TYPE), PAYLOAD_TYPE.encode(), len(line), line,
        )  # fmt: skip
        numbers = []
        for stream in streams:
            self.numbers[stream] = self.numbers.get(stream, 0) + 1
            numbers.append(self.numbers[stream])
        before = (
            leaf(self.entries[-1].raw)
            if self.entries
            else sha256(f"pipeledger/genesis/v1\n{self.origin}\n".encode()).digest()
        )
        fields = {
            "v": 1,
            "prev": before.hex(),
            "pos": position,
            "at": f"2026-01-{1 + position // 86400:02}T{position // 3600 % 24:02}:"
            f"{position // 60 % 60:02}:{position % 60:02}.{position:06}Z",
            "sn": numbers,
            "sig": [
                {"k": f"{key.name}+{key.hash.hex()}", "s": b64(key.sign(message))}
                for key in self.intake
            ],
        } | (seq or {})
        parts = [
            {"name": name, "salt": b64(salts[name]), "bytes": b64(body)}
            for name, body in bodies.items()
        ]
        written = Written(compact(fields).encode() + b"\n" + line, parts)
        self.entries.append(written)
        return written

    def checkpoint(self, size: int | None = None) -> bytes:
        """The signed checkpoint of a size."""
        size = len(self.entries) if size is None else size
        text = f"{self.origin}\n{size}\n{b64(root(self.leaves[:size]))}\n"
        signature = b64(self.log.hash + self.log.sign(text.encode()))
        return f"{text}\n\u2014 {self.log.name} {signature}\n".encode()

    def proof(self, position: int, size: int | None = None) -> bytes:
        """The proof file of an entry."""
        size = len(self.entries) if size is None else size
        hashes = "".join(f"{b64(one)}\n" for one in path(position - 1, self.leaves[:size]))
        head = f"c2sp.org/tlog-proof@v1\nindex {position - 1}\n{hashes}\n"
        return head.encode() + self.checkpoint(size)

    def proved(self, position: int) -> dict[str, Any]:
        """The object of a `*.pipeledger.json` file."""
        one = self.entries[position - 1]
        return {"entry": b64(one.raw), "proof": b64(self.proof(position)), "parts": one.parts}

    def receipt(self, position: int, size: int | None = None) -> dict[str, Any]:
        """The receipt that the entry was answered with."""
        raw = self.entries[position - 1].raw
        seq, ctx = raw.decode().split("\n")
        return {"position": position, "leaf": leaf(raw).hex(), "seq": seq, "ctx": ctx,
                "checkpoint": self.checkpoint(size).decode()}  # fmt: skip

    def lines(self, first: int = 1, last: int | None = None) -> list[dict[str, Any]]:
        """The entries as exported."""
        return [
            {"position": position, "entry": b64(one.raw), "leaf": leaf(one.raw).hex(),
             "parts": [dict(part) for part in one.parts]}
            for position, one in enumerate(self.entries[first - 1 : last], first)
        ]  # fmt: skip

    def tiles(self, folder: Path, width: int = 256) -> Path:
        """Write a tiled log, each hash by the recursive definition."""
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "checkpoint").write_bytes(self.checkpoint())
        bundle = [len(one.raw).to_bytes(2, "big") + one.raw for one in self.entries]
        _write_tiles(folder / "tile" / "entries", bundle, width)
        write_hash_tiles(folder, self.leaves, width)
        return folder

    def export(self, folder: Path) -> Path:
        """Write an export folder."""
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "checkpoint").write_bytes(self.checkpoint())
        write_lines(folder / "entries.ndjson", self.lines())
        return folder


def write_hash_tiles(folder: Path, leaves: list[bytes], width: int) -> None:
    """Write the hash tiles of some leaves."""
    hashes, level = leaves, 0
    while hashes:
        _write_tiles(folder / "tile" / str(level), hashes, width)
        full = len(hashes) // width
        hashes = [root(hashes[at * width : (at + 1) * width]) for at in range(full)]
        level += 1


def _write_tiles(folder: Path, items: list[bytes], width: int) -> None:
    for number in range((len(items) + width - 1) // width):
        some = items[number * width : (number + 1) * width]
        assert number < 1000
        file = folder / f"{number:03d}"
        if len(some) < width:
            file = folder / f"{number:03d}.p" / str(len(some))
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(b"".join(some))


def write_lines(file: Path, lines: list[dict[str, Any]]) -> Path:
    """Write objects as NDJSON."""
    file.write_text("".join(f"{compact(line)}\n" for line in lines))
    return file


def ledger_of(size: int) -> Writer:
    """A ledger of this many entries with three streams and some parts."""
    writer = Writer()
    for number in range(size):
        writer.append(
            streams=("line/checkout@production", f"deployment/0.{number % 3}"),
            named={"text": f"note {number}".encode()} if number % 2 else None,
        )
    return writer
