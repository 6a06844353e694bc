"""A record of CloudTrail as what was asked of a service, and what came of it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from intake.aws.structure import Values
from intake.aws.who import doer_of
from intake.instant import told_time
from intake.report import fact
from intake.rows import named

if TYPE_CHECKING:
    from intake.aws.structure import Record
    from intake.report import Reading

TOOL: Final = "AWS CloudTrail"
# Some services put the version of their interface behind the name of an operation.
_VERSION: Final = re.compile(r"(?:20\d{6}(?:v\d+)?|20\d\d_\d\d_\d\d)$")
_READS: Final = ("Get", "List", "Describe", "Head", "BatchGet", "Lookup", "Search", "Select")
_OURS: Final = frozenset({
    "InternalError", "InternalFailure", "InternalServerError", "InternalServiceError",
    "InternalServiceException", "InternalServerException", "ServiceException",
    "ServiceUnavailable", "ServiceUnavailableException", "Client.RequestLimitExceeded",
    "RequestLimitExceeded", "Throttling", "ThrottlingException", "TooManyRequestsException",
    "Server.InternalError", "Server.Unavailable",
})  # fmt: skip
"""Codes of errors that say nothing of the request: the service failed, or was too busy."""


@dataclass(frozen=True)
class Call:
    """A call, or what a service says it did by itself.

    Attributes:
        record: as it was logged.
        service: the service's short name (`rds`).
        name: of the operation, without a version.
    """

    record: Record
    service: str
    name: str

    @cached_property
    def request(self) -> Values:
        """What was asked."""
        return Values.of(self.record.request_parameters)

    @cached_property
    def response(self) -> Values:
        """What was answered."""
        return Values.of(self.record.response_elements)

    @cached_property
    def more(self) -> Values:
        """What a service says of its own doing."""
        told = Values.of(self.record.service_event_details)
        return told or Values.of(self.record.additional_event_data)

    @property
    def outcome(self) -> str:
        """`success`, `failure` where it was refused, `error` where the service failed."""
        code = self.record.error_code
        if not code:
            return "success"
        return "error" if code in _OURS else "failure"

    @property
    def is_read(self) -> bool:
        """Whether it changes nothing; old records do not say it but by their name."""
        told = self.record.read_only
        if told is None:
            return self.name.startswith(_READS)
        return told is True or str(told).lower() == "true"

    @property
    def arn(self) -> str | None:
        """The first resource that the record itself names."""
        for one in self.record.resources or ():
            if (told := named(one.arn or one.small)) is not None:
                return told
        return None

    @property
    def actor(self) -> dict[str, Any] | None:
        """The person who made it, or None."""
        return doer_of(self.record).get("actor")

    def reading(self, what: str, data: dict[str, Any]) -> Reading:
        """The reading of a fact about it."""
        record = self.record
        common: dict[str, Any] = {
            "tool": TOOL,
            "account": named(
                record.recipient_account_id
                or (record.user_identity.account_id if record.user_identity else None)
            ),
            "region": named(record.aws_region),
            "reported_outcome": named(record.error_code),
        } | doer_of(record)
        return fact(
            what,
            told_time(record.event_time),
            common | data,
            kind=named(f"{self.service}.{self.name}"),
            identity=named(record.event_id),
        )

    def changed(self, resource: str | None = None, **more: Any) -> Reading:  # noqa: ANN401 - fields
        """That something of a service was changed, or that this was refused."""
        place = named(resource)
        if place is not None and not place.startswith("arn:"):
            place = named(f"{self.service}/{place}")
        data = {
            "resource": place or self.service,
            "action": named(self.name),
            "outcome": self.outcome,
        }
        return self.reading("config.changed", data | more)


def call_of(record: Record) -> Call | None:
    """The call of a record, or None where it names none."""
    source, name = named(record.event_source), named(record.event_name)
    if source is None or name is None:
        return None
    service = source.removesuffix(".amazonaws.com")
    return Call(record, service, _VERSION.sub("", name) or name)
