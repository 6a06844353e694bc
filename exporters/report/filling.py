"""What a test of a control has to stand on, and which command brings what is missing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import msgspec

from domain.events.controls import CONTROLS
from domain.events.registry import TYPES, Door

if TYPE_CHECKING:
    from collections.abc import Mapping

_PREFIX: Final = "pipeledger."
_TESTS: Final = {one.id: one for one in CONTROLS}
_WAYS: Final = {
    "scan.finished": "pipeledger record results.sarif --service NAME --artifact DIGEST",
    "tests.finished": "pipeledger record junit.xml --service NAME --artifact DIGEST",
    "coverage.measured": "pipeledger record coverage.xml --service NAME",
    "attestation.verified": "pipeledger record provenance.json --artifact DIGEST",
    "artifact.described": "pipeledger record sbom.json --artifact DIGEST",
    "policy.evaluated": "pipeledger record decisions.json --service NAME",
    "secret": "pipeledger record vault-audit.log",
    "change": "pipeledger-server source add github",
    "ref": "pipeledger-server source add github",
    "protection": "pipeledger-server source add github",
    "commit": "pipeledger import git REPOSITORY --service NAME",
    "deployment": "pipeledger emit deployment.finished deployment=ID service=NAME"
    " environment=production outcome=success artifact=DIGEST",
    "approval": "pipeledger request-approval --artifact DIGEST --environment production",
    "emergency": "pipeledger declare-emergency --artifact DIGEST --incident ID --reason TEXT",
    "environment": "pipeledger-server environment register NAME production --reason TEXT",
    "approval.reported": "pipeledger emit approval approval=ID artifact=DIGEST"
    " environment=production",
    "build": "pipeledger emit build artifact=DIGEST commit=SHA",
    "runtime": "pipeledger snapshot kubernetes production",
    "reconciliation": "pipeledger reconcile github",
}
"""By type without prefix, or by its family."""
_WORDS: Final = {"artifact": "artifact=DIGEST", "lag_s": "lag_s:=SECONDS"}
"""Fields that are told otherwise than by their name in capitals."""


@dataclass(frozen=True, slots=True)
class Footing:
    """What a test has to stand on.

    Attributes:
        facts: events of the types that it reads.
        missing: those of these types that nobody told of, without prefix.
        ways: commands that bring them.
        ours: types that the ledger's own commands make.
        note: what no source feeds today, or nothing.
    """

    facts: int
    missing: tuple[str, ...]
    ways: tuple[str, ...]
    ours: tuple[str, ...]
    note: str

    @property
    def families(self) -> tuple[str, ...]:
        """What is missing by family, for people: `change: proposed, merged`."""
        found: dict[str, list[str]] = {}
        for name in self.missing:
            family, _, what = name.partition(".")
            found.setdefault(family, []).append(what)
        return tuple(f"{family}: {', '.join(words)}" for family, words in found.items())


def footing(test: str, types: Mapping[str, int]) -> Footing:
    """What a test has to stand on.

    Args:
        test: its id.
        types: stored types that were told of, and how often.
    """
    known = _TESTS.get(test)
    if known is None:
        return Footing(0, (), (), (), "")
    read = known.types or tuple(types)
    missing = [name for name in read if not types.get(name)]
    # Of a family that is told of, the rest comes by the same way where there is any.
    told = {_family(name) for name in read if types.get(name)}
    ways = [
        way for name in missing
        if _family(name) not in told and (way := _way(name)) is not None
    ]  # fmt: skip
    ours = [
        _short(name) for name in missing
        if TYPES[name].door is not Door.EMIT and _way(name) is None
    ]  # fmt: skip
    return Footing(
        sum(types.get(name, 0) for name in read), tuple(map(_short, missing)),
        tuple(dict.fromkeys(ways)), tuple(ours), known.missing,
    )  # fmt: skip


def _way(name: str) -> str | None:
    short = _short(name)
    known = _WAYS.get(short) or _WAYS.get(_family(name))
    if known is None and TYPES[name].door is Door.EMIT:
        fields = msgspec.structs.fields(TYPES[name].data)
        required = [one.name for one in fields if one.required and one.name != "service"]
        words = " ".join(_WORDS.get(one, f"{one}={one.upper()}") for one in required)
        return f"pipeledger emit {short} service=NAME {words}".rstrip()
    return known


def _family(name: str) -> str:
    return _short(name).partition(".")[0]


def _short(name: str) -> str:
    return name.removeprefix(_PREFIX)
