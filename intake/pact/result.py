"""A verification's result as it is published to a broker, and as a broker gives it.

Ruby's verifier publishes RSpec's examples, the others one entry for each interaction.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from domain.errors import RefusedError
from intake.address import address_of
from intake.instant import told_time
from intake.json_body import read_fields
from intake.pact.examples import Examples, cases_of, claimed_of
from intake.pact.verified import Case, Verification
from intake.report import Format, Reading
from intake.rows import named

if TYPE_CHECKING:
    from intake.shape import Shape


class _Test(msgspec.Struct, rename="camel", gc=False):
    """What became of an interaction; what did not match is not read."""

    success: bool | None = None
    interaction_id: str | None = None
    interaction_description: str | None = None
    exceptions: list[msgspec.Raw] | None = None


class _Verifier(msgspec.Struct, gc=False):
    """The library that verified."""

    implementation: str | None = None
    version: str | None = None


class _Result(msgspec.Struct, rename="camel", gc=False):
    """The file."""

    success: bool | str
    provider_application_version: str
    provider_name: str | None = None
    verification_date: str | None = None
    build_url: str | None = None
    test_results: list[_Test] | Examples | None = None
    verified_by: _Verifier | None = None


def claims(shape: Shape) -> bool:
    """`success` of a version of a provider."""
    return {"success", "providerApplicationVersion"} <= (shape.members or {}).keys()


def read(body: bytes) -> list[Reading]:
    """The reading of a file.

    Raises:
        RefusedError: no result; the place is named.
        TooLargeError: a limit was passed.
    """
    result = read_fields(body, _Result)
    verifier = result.verified_by or _Verifier()
    told = result.test_results
    more: dict[str, Any] = {
        "provider": named(result.provider_name),
        "url": address_of(result.build_url),
    }
    verification = Verification(
        form="pact-result",
        counted="interactions",
        said=_verdict(result.success),
        tool=verifier.implementation,
        version=verifier.version,
        provider_version=result.provider_application_version,
        told=told_time(result.verification_date),
        more=more,
    )
    if isinstance(told, Examples):
        verification.counted = "examples"
        verification.cases = cases_of(told)
        verification.claimed = claimed_of(told, verification.cases)
        verification.outside = told.outside
        more["duration_s"] = told.duration_s
    else:
        verification.cases = [_case(one) for one in told or ()]
    return [verification.reading()]


def _verdict(told: bool | str) -> bool:  # noqa: FBT001 - what the file says
    """A library writes it as a text."""
    if isinstance(told, bool):
        return told
    if told.lower() not in ("true", "false"):
        raise RefusedError("field success", "expected true or false")
    return told.lower() == "true"


def _case(one: _Test) -> Case:
    status = "passed" if one.success else "error" if one.exceptions else "failure"
    return Case(status=status, name=one.interaction_description, id=one.interaction_id)


FORMAT: Final = Format("pact-result", "Pact verification result", "application/json", claims, read)
