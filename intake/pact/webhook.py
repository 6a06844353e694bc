"""A broker's webhooks.

Their bodies are the operator's own; those are read whose members have the names of the broker's
variables (`docs/integrations/pact.md` has one to paste).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from intake.address import address_of
from intake.json_body import read_fields
from intake.pact import contract, result
from intake.pact.verified import service_of, version_of
from intake.report import Format, Reading
from intake.rows import named
from intake.schemes import AnyOf, Basic, Shared
from intake.sender import Sender

if TYPE_CHECKING:
    from intake.shape import Shape

_ENDED: Final = {"success": "success", "failure": "failure"}
_VERIFIED: Final = {
    "provider_verification_succeeded": "success", "provider_verification_failed": "failure",
}  # fmt: skip
_PUBLISHED: Final = frozenset({
    "contract_published", "contract_content_changed", "contract_requiring_verification_published",
})  # fmt: skip
_ENTER: Final = (
    "Webhooks, Create: URL as above, header Authorization with the value Bearer and the secret "
    "(or basic authentication with the secret as password), and the body of the documentation"
)


class _Body(msgspec.Struct, rename="camel", gc=False):
    """Values of the broker's variables."""

    consumer_name: str
    provider_name: str
    event_name: str | None = None
    consumer_version_number: str | None = None
    provider_version_number: str | None = None
    github_verification_status: str | None = None
    pact_url: str | None = None
    verification_result_url: str | None = None


def claims(shape: Shape) -> bool:
    """Names of both parties, and what happened."""
    told = (shape.members or {}).keys()
    return {"consumerName", "providerName"} <= told and bool(
        {"eventName", "githubVerificationStatus"} & told
    )


def read(body: bytes) -> list[Reading]:
    """The reading of a delivery; none where nothing is told yet.

    Raises:
        RefusedError: no such body; the place is named.
        TooLargeError: a limit was passed.
    """
    told = read_fields(body, _Body)
    event = (told.event_name or "").strip()
    parties: dict[str, Any] = {
        "consumer": named(told.consumer_name),
        "provider": named(told.provider_name),
    }
    if event in _PUBLISHED:
        # The status that may stand beside is that of an earlier verification.
        data = parties | version_of(told.consumer_version_number) | {
            "kind": "contract", "format": "pact", "url": address_of(told.pact_url),
        } | service_of(parties["consumer"])  # fmt: skip
        return [_reading(event, "artifact.described", data)]
    outcome = _VERIFIED.get(event) or _ENDED.get(told.github_verification_status or "")
    if outcome is None or (event and not event.startswith("provider_verification")):
        return []
    data = parties | version_of(told.provider_version_number) | {
        "kind": "contract", "tool": "pact", "format": "pact-webhook", "outcome": outcome,
        "reported_outcome": told.github_verification_status or event,
        "consumer_version": named(told.consumer_version_number),
        "url": address_of(told.verification_result_url),
    } | service_of(parties["provider"])  # fmt: skip
    return [_reading(event, "tests.finished", data)]


def _reading(event: str, what: str, data: dict[str, Any]) -> Reading:
    return Reading(
        type=f"pipeledger.{what}.v1",
        kind=named(event) or "provider_verification_published",
        data={name: value for name, value in data.items() if value is not None},
    )


FORMAT: Final = Format("pact-webhook", "Pact Broker webhook", "application/json", claims, read)
SENDER: Final = Sender(
    name="pact",
    title="Pact Broker",
    scheme=AnyOf((Shared("authorization", _ENTER, prefix="Bearer "), Basic(_ENTER))),
    formats=(FORMAT, result.FORMAT, contract.FORMAT),
)
