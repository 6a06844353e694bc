"""What verifiers write: RSpec's JSON (Ruby, `--format json`), and the Rust core's own."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

import msgspec

from intake.json_body import read_fields
from intake.pact.examples import Examples, cases_of, claimed_of
from intake.pact.verified import Case, Verification
from intake.report import Format, Reading
from intake.rows import named
from intake.shape import shape_of

if TYPE_CHECKING:
    from intake.shape import Shape

_HEAD: Final = 65_536
_PACTS: Final = re.compile(rb"Verifying a pact between|/pact/provider/")
_SPENT: Final = re.compile(r"(\d{1,12}(?:\.\d{1,12})?)(ns|\u00b5s|ms|s)")
_PER_SECOND: Final = {"ns": 1e9, "\u00b5s": 1e6, "ms": 1e3, "s": 1.0}


class _Mismatch(msgspec.Struct, gc=False):
    """Why it failed: `mismatches` or `error`; values that were compared are not read."""

    type: str | None = None


class _Verified(msgspec.Struct, rename="camel", gc=False):
    """One interaction."""

    result: str | None = None
    pending: bool = False
    description: str | None = None
    interaction_description: str | None = None
    interaction_id: str | None = None
    consumer: str | None = None
    provider: str | None = None
    duration: str | None = None
    mismatch: _Mismatch | None = None


class _Error(msgspec.Struct, gc=False):
    """One error; all that older versions tell of interactions."""

    interaction: str | None = None
    mismatch: _Mismatch | None = None


class _Execution(msgspec.Struct, rename="camel", gc=False):
    """The Rust core's file."""

    result: bool
    errors: list[_Error] = []
    pending_errors: list[_Error] = []
    interaction_results: list[_Verified] | None = None


def claims(shape: Shape) -> bool:
    """The core's `pendingErrors`, or RSpec's examples that verify a pact."""
    told = shape.members or {}
    if _is_execution(shape):
        return True
    if {"examples", "summary"} - told.keys():
        return False
    return "example_count" in shape.inner("summary") and bool(
        _PACTS.search(bytes(told["examples"])[:_HEAD])
    )


def _is_execution(shape: Shape) -> bool:
    return {"result", "errors", "pendingErrors"} <= (shape.members or {}).keys()


def read(body: bytes) -> list[Reading]:
    """The reading of a file.

    Raises:
        RefusedError: neither of the two; the place is named.
        TooLargeError: a limit was passed.
    """
    if _is_execution(shape_of(body)):
        return [_execution(read_fields(body, _Execution)).reading()]
    told = read_fields(body, Examples)
    cases = cases_of(told)
    return [
        Verification(
            form="pact-verifier",
            counted="examples",
            cases=cases,
            claimed=claimed_of(told, cases),
            outside=told.outside,
            more={"duration_s": told.duration_s},
        ).reading()
    ]


def _execution(told: _Execution) -> Verification:
    results = told.interaction_results
    verification = Verification(
        form="pact-verifier", counted="interactions", said=told.result, tool="pact-rust"
    )
    if results:
        verification.cases = [_case(one) for one in results]
        verification.more = _parties(results)
    else:
        verification.counted = "errors"
        verification.cases = [
            *(Case(status=_kind(one.mismatch), name=one.interaction) for one in told.errors),
            *(Case(status="pending", name=one.interaction) for one in told.pending_errors),
        ]
    return verification


def _case(one: _Verified) -> Case:
    status = "passed" if one.result == "OK" else "pending" if one.pending else _kind(one.mismatch)
    return Case(
        status=status,
        name=one.interaction_description or one.description,
        id=one.interaction_id,
        consumer=one.consumer,
        duration_s=_seconds(one.duration),
    )


def _kind(mismatch: _Mismatch | None) -> str:
    return "error" if mismatch is not None and mismatch.type == "error" else "failure"


def _parties(results: list[_Verified]) -> dict[str, Any]:
    """Consumer and provider, where they are the same for all."""
    consumers = {one.consumer for one in results}
    providers = {one.provider for one in results}
    return {
        "consumer": named(consumers.pop()) if len(consumers) == 1 else None,
        "provider": named(providers.pop()) if len(providers) == 1 else None,
    }


def _seconds(text: str | None) -> float | None:
    """A duration as Rust prints it: a number and its unit."""
    found = _SPENT.fullmatch(text or "")
    return float(found[1]) / _PER_SECOND[found[2]] if found else None


FORMAT: Final = Format("pact-verifier", "Pact verifier's JSON", "application/json", claims, read)
