"""The fields of CloudTrail's records and of EventBridge's events that are read.

Requests and answers hold whatever was sent, at times secrets. They stay undecoded until a reader
asks for fields by their names, which are those of names, ids and states.
"""

from __future__ import annotations

from typing import Any

import msgspec

NULL = msgspec.Raw(b"null")


class _Object(msgspec.Struct, gc=False, rename="camel"):
    """An object; any field may be missing or null."""


class Issuer(_Object):
    """The role that a session is of."""

    user_name: str | None = None
    arn: str | None = None


class Federation(_Object):
    """The identity provider that vouched for a session."""

    federated_provider: str | None = None


class Session(_Object):
    """A session of a role."""

    session_issuer: Issuer | None = None
    web_id_federation_data: Federation | None = None
    ec2_role_delivery: str | None = None


class Behalf(_Object):
    """For whom a session acts, where IAM Identity Center says it."""

    user_id: str | None = None


class Identity(_Object):
    """Who made a request."""

    type: str | None = None
    arn: str | None = None
    account_id: str | None = None
    user_name: str | None = None
    invoked_by: str | None = None
    session_context: Session | None = None
    on_behalf_of: Behalf | None = None


class Resource(_Object):
    """What a record says it is about; some that pass records on write its name small."""

    arn: str | None = msgspec.field(name="ARN", default=None)
    small: str | None = msgspec.field(name="arn", default=None)


class Record(_Object):
    """A record of CloudTrail."""

    user_identity: Identity | None = None
    event_time: str | None = None
    event_source: str | None = None
    event_name: str | None = None
    event_category: str | None = None
    event_id: str | None = msgspec.field(name="eventID", default=None)
    aws_region: str | None = None
    user_agent: str | None = None
    source_ip_address: str | None = msgspec.field(name="sourceIPAddress", default=None)
    recipient_account_id: str | None = None
    error_code: str | None = None
    read_only: bool | str | None = None
    management_event: bool | str | None = None
    request_parameters: msgspec.Raw = NULL
    response_elements: msgspec.Raw = NULL
    additional_event_data: msgspec.Raw = NULL
    service_event_details: msgspec.Raw = NULL
    resources: list[Resource] | None = None


class Trail(_Object):
    """A file of records."""

    records: list[Record] = msgspec.field(name="Records")


class Looked(_Object):
    """An event as `aws cloudtrail lookup-events` prints it: the record is a text."""

    record: str | None = msgspec.field(name="CloudTrailEvent", default=None)


class LookedUp(_Object):
    """What `aws cloudtrail lookup-events` prints."""

    events: list[Looked] = msgspec.field(name="Events")


class Event(_Object):
    """An event of EventBridge."""

    id: str | None = None
    detail_type: str | None = msgspec.field(name="detail-type", default=None)
    source: str | None = None
    account: str | None = None
    region: str | None = None
    time: str | None = None
    resources: list[str] | None = None
    detail: msgspec.Raw = NULL


class Message(_Object):
    """A message of SNS."""

    type: str | None = msgspec.field(name="Type", default=None)
    message: str | None = msgspec.field(name="Message", default=None)


class Values:
    """Members of a JSON object that is there or not, asked for by name in any case.

    Services differ in how they write the same name: `arn`, `aRN`, `ARN`.
    """

    __slots__ = ("_held",)

    def __init__(self, held: Any) -> None:  # noqa: ANN401 - JSON
        """Hold a JSON value; what is no object has no members."""
        told = held if isinstance(held, dict) else {}
        self._held = {name.lower(): value for name, value in told.items()}

    @classmethod
    def of(cls, raw: msgspec.Raw) -> Values:
        """The members of an undecoded value."""
        try:
            return cls(msgspec.json.decode(raw))
        except (msgspec.DecodeError, RecursionError):
            return cls(None)

    def __bool__(self) -> bool:
        return bool(self._held)

    def __contains__(self, name: str) -> bool:
        return self._held.get(name.lower()) is not None

    def get(self, name: str) -> Any:  # noqa: ANN401 - JSON
        """A member as it is, or None."""
        return self._held.get(name.lower())

    def text(self, *names: str) -> str | None:
        """The first of these members that is a text with something in it."""
        for name in names:
            value = self.get(name)
            if isinstance(value, str) and value.strip():
                return value
        return None

    def inner(self, name: str) -> Values:
        """A member that is an object; empty where it is none."""
        return Values(self.get(name))

    def list(self, name: str) -> list[Any]:
        """A member that is an array; empty where it is none."""
        value = self.get(name)
        return value if isinstance(value, list) else []
