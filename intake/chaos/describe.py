"""`kubectl describe chaosresult`: fields in words, indented below each other."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from domain.errors import RefusedError
from intake.chaos.verdict import Result, reading_of
from intake.report import Format, Reading

if TYPE_CHECKING:
    from intake.shape import Shape

_KIND: Final = re.compile(r"^Kind: +ChaosResult\s*$", re.MULTILINE)
_GROUP: Final = "litmuschaos.io/"
_FIELD: Final = re.compile(r"( *)([A-Za-z][A-Za-z ]{0,99}):(?:\s+(\S.*))?$")
_VERSION: Final = re.compile(r"app\.kubernetes\.io/version=(\S+)")
_DEEPEST: Final = 20


def claims(shape: Shape) -> bool:
    """A description of a result."""
    return _GROUP in shape.head and bool(_KIND.search(shape.head))


def read(body: bytes) -> list[Reading]:
    """The reading of a description; none while nothing is decided.

    Raises:
        RefusedError: no description of a result.
    """
    text = body.decode()
    if not _KIND.search(text):
        raise RefusedError("document", "no description of a ChaosResult")
    told, version = _fields(text), _VERSION.search(text)
    state = "status.experimentstatus."
    harmed = [told.get(f"status.history.targets.{name}") for name in ("kind", "name")]
    reading = reading_of(
        Result(
            experiment=told.get("spec.experiment") or told.get("name"),
            engine=told.get("spec.engine"),
            namespace=told.get("namespace"),
            verdict=told.get(state + "verdict"),
            phase=told.get(state + "phase"),
            failed_step=told.get(state + "failstep"),
            probes=told.get(state + "probesuccesspercentage"),
            passed=told.get("status.history.passedruns"),
            failed=told.get("status.history.failedruns"),
            stopped=told.get("status.history.stoppedruns"),
            target="/".join(part for part in harmed if part) or None,
            at=told.get("metadata.creationtimestamp"),
            version=version[1] if version else None,
        )
    )
    return [reading] if reading is not None else []


def _fields(text: str) -> dict[str, str]:
    """Values by the names on the way to them, without blanks; the first of each."""
    found: dict[str, str] = {}
    above: list[tuple[int, str]] = []
    for line in text.splitlines():
        field = _FIELD.match(line.rstrip()) if not line.lstrip().startswith("#") else None
        if field is None:
            continue
        indent, name = len(field[1]), field[2].replace(" ", "").lower()
        while above and above[-1][0] >= indent:
            above.pop()
        if field[3] is not None:
            found.setdefault(".".join([*(one for _, one in above), name]), field[3])
        elif len(above) < _DEEPEST:
            above.append((indent, name))
    return found


FORMAT: Final = Format(
    "litmus-describe", "LitmusChaos result, described", "text/plain", claims, read
)
