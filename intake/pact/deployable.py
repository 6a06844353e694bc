"""The broker's answer to `can-i-deploy` (`--output json`): a policy's decision."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Final

import msgspec

from intake.json_body import read_fields
from intake.report import Format, Reading

if TYPE_CHECKING:
    from intake.shape import Shape

_DECISIONS: Final = {True: "allow", False: "deny", None: "undecided"}
_Number = Annotated[int, msgspec.Meta(ge=0, le=2**32)]


class _Summary(msgspec.Struct, gc=False):
    """The answer; `deployable` is null where a verification is missing."""

    deployable: bool | None
    reason: str | None = None
    success: _Number | None = None
    failed: _Number | None = None
    unknown: _Number | None = None
    ignored: _Number | None = None


class _Answer(msgspec.Struct, gc=False):
    """The file."""

    summary: _Summary


def claims(shape: Shape) -> bool:
    """A summary that says whether something is deployable."""
    return {"deployable", "reason"} <= shape.inner("summary").keys()


def read(body: bytes) -> list[Reading]:
    """The reading of a file.

    Raises:
        RefusedError: no answer; the place is named.
        TooLargeError: a limit was passed.
    """
    told = read_fields(body, _Answer).summary
    counts = {name: getattr(told, name) for name in ("success", "failed", "unknown", "ignored")}
    data: dict[str, Any] = {
        "policy": "can-i-deploy",
        "decision": _DECISIONS[told.deployable],
        "tool": "pact-broker",
        "reasons": [told.reason] if told.reason else None,
        "counts": {name: number for name, number in counts.items() if number is not None},
    }
    return [
        Reading(
            type="pipeledger.policy.evaluated.v1",
            data={name: value for name, value in data.items() if value is not None},
        )
    ]


FORMAT: Final = Format("pact-can-i-deploy", "Pact can-i-deploy", "application/json", claims, read)
