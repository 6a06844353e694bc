"""Trust policies (C2SP tlog-policy): which logs, which witnesses, and how many of them.

    log <vkey> [<url>]
    witness <name> <vkey> [<url>]
    group <name> all|any|<k> <member>...
    quorum <name>|none                       exactly one

Lines of octets; items are separated by spaces and tabs; `#` begins a comment line. A checkpoint is
valid if one of the logs signed it and the quorum's witnesses cosigned it. Names of witnesses and
groups are octets and mean nothing outside the file.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from domain.errors import DamageError, RefusedError, TooLargeError
from domain.log.checkpoint import Checkpoint, open_checkpoint
from domain.log.cosignature import WitnessKey, cosignatures_of, parse_witness_vkey
from domain.log.key import VerifierKey, parse_vkey
from domain.log.note import parse_note

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable

    from domain.log.cosignature import Cosignature

MAX_POLICY: Final = 1_000_000
"""Largest policy file read, in bytes."""
MAX_LINES_OF_A_KIND: Final = 1000
"""Most logs, witnesses or groups; the specification asks for at least 32 of each."""
NONE: Final = b"none"

_FORBIDDEN: Final = re.compile(rb"[^\t\n\x20-\x7e\x80-\xff]")
_ITEMS: Final = re.compile(rb"[^ \t]+")
_COUNT: Final = re.compile(rb"[1-9][0-9]{0,3}")


@dataclass(frozen=True, slots=True)
class PolicyLog:
    """A log that is accepted.

    Attributes:
        key: signs its checkpoints; bears the origin's name.
        url: where it is, or "".
    """

    key: VerifierKey
    url: str = ""


@dataclass(frozen=True, slots=True)
class PolicyWitness:
    """A witness that is believed.

    Attributes:
        name: in the policy.
        key: signs its cosignatures.
        url: where it takes checkpoints, or "".
    """

    name: bytes
    key: WitnessKey
    url: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """Witnesses or groups, of which some must have seen a checkpoint.

    Attributes:
        least: how many.
        members: names, each defined before it.
    """

    least: int
    members: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Policy:
    """A trust policy.

    Attributes:
        logs: those that are accepted.
        witnesses: by name.
        groups: by name, each after what it refers to.
        quorum: name of a witness or group; None: no cosignature is asked for.
    """

    logs: tuple[PolicyLog, ...]
    witnesses: dict[bytes, PolicyWitness]
    groups: dict[bytes, Group]
    quorum: bytes | None

    def has_quorum(self, cosigned: Collection[WitnessKey]) -> bool:
        """Whether these witnesses are enough."""
        if self.quorum is None:
            return True
        seen = {name for name, one in self.witnesses.items() if one.key in cosigned}
        for name, group in self.groups.items():
            if sum(member in seen for member in group.members) >= group.least:
                seen.add(name)
        return self.quorum in seen

    def cosignatures(self, note: bytes) -> tuple[Cosignature, ...]:
        """The cosignatures of this policy's witnesses; see `cosignatures_of`."""
        return cosignatures_of(note, [one.key for one in self.witnesses.values()])

    def open(self, note: bytes) -> Checkpoint:
        """The checkpoint of a note, if this policy accepts it.

        Raises:
            RefusedError: not a checkpoint.
            DamageError: of none of the logs, not signed, or without the quorum.
        """
        text, _ = parse_note(note)
        origin = Checkpoint.parse(text).origin
        keys = self.keys_of(origin)
        if not keys:
            raise DamageError(None, "checkpoint: of a log that the policy does not name")
        checkpoint = open_checkpoint(note, keys, origin)
        if not self.has_quorum([one.witness for one in self.cosignatures(note)]):
            raise DamageError(None, "checkpoint: without the quorum that the policy asks for")
        return checkpoint

    def keys_of(self, origin: str) -> list[VerifierKey]:
        """The keys of the log of this origin; none: it is not in the policy."""
        return [one.key for one in self.logs if one.key.name == origin]

    @classmethod
    def parse(cls, raw: bytes) -> Policy:
        """The policy of a file's bytes.

        Raises:
            RefusedError: not a policy; names the line.
            TooLargeError: too many bytes, or lines of one kind.
        """
        return _Reader().read(raw)


class _Reader:
    def __init__(self) -> None:
        self.logs: list[PolicyLog] = []
        self.witnesses: dict[bytes, PolicyWitness] = {}
        self.groups: dict[bytes, Group] = {}
        self.quorum: list[bytes] = []
        self.used: set[bytes] = set()
        self.kinds: dict[bytes, Callable[[list[bytes]], None]] = {
            b"log": self._log,
            b"witness": self._witness,
            b"group": self._group,
            b"quorum": self._quorum,
        }

    def read(self, raw: bytes) -> Policy:
        if len(raw) > MAX_POLICY:
            raise TooLargeError("policy", f"at most {MAX_POLICY} bytes")
        if (wrong := _FORBIDDEN.search(raw)) is not None:
            line = raw[: wrong.start()].count(b"\n") + 1
            raise RefusedError(f"policy line {line}", "a control character")
        if raw and not raw.endswith(b"\n"):
            raise RefusedError("policy", "the last line has no line feed")
        for number, one in enumerate(raw.split(b"\n"), 1):
            items = _ITEMS.findall(one)
            if not items or items[0].startswith(b"#"):
                continue
            try:
                self._line(items)
            except TooLargeError as error:
                raise TooLargeError(f"policy line {number}", error.reason) from error
            except RefusedError as error:
                raise RefusedError(f"policy line {number}", error.reason) from error
        if not self.quorum:
            raise RefusedError("policy", "no quorum line; `quorum none` asks for no witness")
        (quorum,) = self.quorum
        return Policy(
            tuple(self.logs), self.witnesses, self.groups, None if quorum == NONE else quorum
        )

    def _line(self, items: list[bytes]) -> None:
        kind = self.kinds.get(items[0])
        if kind is None:
            raise RefusedError("policy", "expected log, witness, group or quorum")
        if len(max(self.logs, self.witnesses, self.groups, key=len)) >= MAX_LINES_OF_A_KIND:
            raise TooLargeError("policy", f"at most {MAX_LINES_OF_A_KIND} lines of one kind")
        kind(items[1:])

    def _log(self, items: list[bytes]) -> None:
        if len(items) not in (1, 2):
            raise RefusedError("policy", "expected log, a key, and an address or nothing")
        key = parse_vkey(_text(items[0]))
        _check_new(key.public, (one.key.public for one in self.logs))
        self.logs.append(PolicyLog(key, *map(_text, items[1:])))

    def _witness(self, items: list[bytes]) -> None:
        if len(items) not in (2, 3):
            raise RefusedError("policy", "expected witness, name, key, and an address or nothing")
        name = self._named(items[0])
        key = parse_witness_vkey(_text(items[1]))
        _check_new(key.public, (one.key.public for one in self.witnesses.values()))
        self.witnesses[name] = PolicyWitness(name, key, *map(_text, items[2:]))

    def _group(self, items: list[bytes]) -> None:
        if len(items) < 3:  # noqa: PLR2004 - as the message says
            raise RefusedError("policy", "expected group, name, all, any or a number, members")
        name, members = self._named(items[0]), items[2:]
        for member in members:
            self._defined(member)
            if member in self.used:
                raise RefusedError(
                    "policy", "a member of a group already; each is one at most once"
                )
            self.used.add(member)
        self.groups[name] = Group(_least(items[1], len(members)), tuple(members))

    def _quorum(self, items: list[bytes]) -> None:
        if len(items) != 1:
            raise RefusedError("policy", "expected quorum and one name")
        if self.quorum:
            raise RefusedError("policy", "a second quorum line")
        (name,) = items
        if name != NONE:
            self._defined(name)
        self.quorum.append(name)

    def _named(self, name: bytes) -> bytes:
        if name == NONE:
            raise RefusedError("policy", "the name none is taken: it means no witness at all")
        if name in self.witnesses or name in self.groups:
            raise RefusedError("policy", "the name is defined already")
        return name

    def _defined(self, name: bytes) -> None:
        if name not in self.witnesses and name not in self.groups:
            raise RefusedError("policy", "a name that no line before defines")


def _least(text: bytes, members: int) -> int:
    if text == b"all":
        return members
    if text == b"any":
        return 1
    if _COUNT.fullmatch(text) is None or int(text) > members:
        raise RefusedError("policy", f"expected all, any, or a number from 1 to {members}")
    return int(text)


def _text(raw: bytes) -> str:
    try:
        return raw.decode()
    except UnicodeDecodeError as error:
        raise RefusedError("policy", "keys and addresses are UTF-8") from error


def _check_new(public: bytes, there: Iterable[bytes]) -> None:
    if public in there:
        raise RefusedError("policy", "the same key stands in the policy already")
