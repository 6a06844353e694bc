"""The kinds of values that event data is made of.

A field's kind says what it may hold, and by its *mark* what the people stage does with it:

| mark   | meaning                                                       | afterwards              |
|--------|---------------------------------------------------------------|-------------------------|
| person | names somebody: login, e-mail address, or an object of those  | an opaque id            |
| text   | free text that people wrote                                   | moved to a sealed part  |
| handle | an address or path that may contain somebody's name           | name replaced by the id |
"""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta

from domain.errors import RefusedError
from domain.instant import PATTERN, read_time
from domain.log.names import PRINCIPAL

MAX_NAME = 500
MAX_HANDLE = 4096
MAX_TEXT = 65_536
MAX_LIST = 10_000

# `$` alone lets a last line feed pass in some dialects, among them Python's.
_END = r"$(?!\n)"
# No control characters and no other ends of lines: a name stands on one line wherever it is
# shown, by whatever counts lines.
_LINE = rf"^[^\x00-\x1f\x7f-\x9f\u2028\u2029]*{_END}"
_NO_NUL = rf"^[^\x00]*{_END}"

Name = Annotated[str, Meta(min_length=1, max_length=MAX_NAME, pattern=_LINE)]
"""A name or id on one line."""

Handle = Annotated[
    str, Meta(min_length=1, max_length=MAX_HANDLE, pattern=_LINE, extra={"mark": "handle"})
]
"""A repository, branch, address or path on one line."""

Text = Annotated[str, Meta(max_length=MAX_TEXT, pattern=_NO_NUL, extra={"mark": "text"})]
"""Free text; may have line feeds."""

Note = Annotated[str, Meta(max_length=MAX_TEXT, pattern=_NO_NUL)]
"""Lines that machines wrote, such as a checkpoint."""

_COMMIT = rf"^(?:[0-9a-f]{{40}}|[0-9a-f]{{64}}){_END}"
Commit = Annotated[str, Meta(pattern=_COMMIT)]
"""A git object id, SHA-1 or SHA-256, lower case."""

_DIGEST = (
    r"^(?:sha256:[0-9a-f]{64}|sha384:[0-9a-f]{96}|sha512:[0-9a-f]{128}"
    rf"|(?!sha(?:256|384|512):)[a-z0-9][a-z0-9+._-]{{0,31}}:[0-9a-f]{{32,128}}){_END}"
)
Digest = Annotated[str, Meta(pattern=_DIGEST)]
"""`algorithm:hex`, lower case; the lengths of SHA-2 are checked."""

_PERSON = rf"^{PRINCIPAL}{_END}"
PersonId = Annotated[str, Meta(pattern=_PERSON, extra={"mark": "person"})]
"""An opaque id of this ledger, and nothing else."""

FORMS: Final = {
    _COMMIT: "a whole commit id, 40 or 64 hexadecimal digits in lower case",
    _DIGEST: "a digest, as sha256: with 64 hexadecimal digits in lower case behind it",
    _PERSON: "the opaque id of a person or workload in this ledger",
    _NO_NUL: "text without NUL",
}
"""Patterns that are more than one line of text, and what people call the form."""


class Instant:
    """RFC 3339 with offset, in the calendar, from the year 1 to 9999 in UTC."""


def check_value(kind: type, value: Any) -> Any:  # noqa: ANN401 - JSON
    """Make values of our own kinds (msgspec's `dec_hook`).

    Raises:
        ValueError: the value is none of that kind.
        NotImplementedError: the kind is not ours.
    """
    if kind is not Instant:
        raise NotImplementedError(kind.__name__)
    if not isinstance(value, str):
        raise ValueError("expected RFC 3339 with offset")  # noqa: TRY004 - what msgspec looks for
    try:
        read_time(value, "")
    except RefusedError as refusal:
        raise ValueError(refusal.reason) from None
    return Instant()


def schema_of(kind: type) -> dict[str, Any]:
    """JSON Schema of our own kinds (msgspec's `schema_hook`).

    Raises:
        NotImplementedError: the kind is not ours.
    """
    if kind is not Instant:
        raise NotImplementedError(kind.__name__)
    return {"type": "string", "format": "date-time", "pattern": f"^{PATTERN}{_END}"}


Seconds = Annotated[float, Meta(ge=0)]
"""A duration in seconds."""

Count = Annotated[int, Meta(ge=0)]
Counts = Annotated[dict[Name, Count], Meta(max_length=100)]
"""How many there are of each, by severity, status or action."""

Claimed = Annotated[dict[Name, float], Meta(max_length=100)]
"""Totals that a file's header states, where they differ from its elements."""

Position = Annotated[int, Meta(ge=1)]
"""A position in this ledger."""


class PersonRef(msgspec.Struct, forbid_unknown_fields=False):
    """Somebody, as a tool knows them; at least one of login, email, name, id.

    Attributes:
        system: where the account is: `github`, `gitlab`, a host name.
        login: account name there.
        email: e-mail address.
        name: display name.
        id: the system's own id of the account.
    """

    system: Name | None = None
    login: Name | None = None
    email: Name | None = None
    name: Name | None = None
    id: Name | int | None = None

    def __post_init__(self) -> None:
        if self.login is None and self.email is None and self.name is None and self.id is None:
            raise ValueError("expected one of login, email, name, id")


Person = Annotated[Name | PersonRef, Meta(extra={"mark": "person"})]
"""A login, an e-mail address, a `PersonRef`, or an opaque id of this ledger."""

Outcome = Literal["success", "failure", "error", "cancelled", "skipped"]
Severity = Literal["critical", "high", "medium", "low", "info", "unknown"]


class Artifact(msgspec.Struct, forbid_unknown_fields=False):
    """What is built and deployed.

    Attributes:
        digest: of its bytes.
        purl: package URL.
        name: name for people.
    """

    digest: Digest | None = None
    purl: Handle | None = None
    name: Name | None = None


class Document(msgspec.Struct, forbid_unknown_fields=False):
    """A document that belongs to an event.

    Attributes:
        name: the part it lies in, or its file name.
        digest: of its bytes.
        media_type: bare media type.
        length: bytes.
    """

    name: Name | None = None
    digest: Digest | None = None
    media_type: Name | None = None
    length: Count | None = None


class Subject(msgspec.Struct, forbid_unknown_fields=False):
    """What an approval or waiver is about.

    Attributes:
        kind: artifact, plan, config, commit or release.
        digest: its digest; for a commit `commit`.
        commit: git object id.
        release: version.
    """

    kind: Literal["artifact", "plan", "config", "commit", "release"]
    digest: Digest | None = None
    commit: Commit | None = None
    release: Name | None = None


class Common(msgspec.Struct, kw_only=True, forbid_unknown_fields=False):
    """Fields that any event may carry.

    Attributes:
        service: the service it concerns.
        service_basis: what stands for the service where the source names none (`repository`,
            `application`, `release`, `workload`, `chart`).
        environment: the environment it concerns.
        environment_basis: what stands for the environment where the source names none
            (`namespace`, `cluster`, `project`, `stage`, `deployment group`, `alias`, `host`).
        repository: address of the source repository.
        commit: git object id.
        artifact: what it concerns.
        release: version of the service.
        run: id of the pipeline run.
        actor: who did it.
        workload: the service account or controller that did it, where it was nobody.
        ticket: key of a ticket.
        url: where to look.
        duration_s: how long it took, in seconds.
        runner: the machine it ran on.
        documents: what belongs to it.
        time_basis: where `time` comes from.
        local_time: the source's own text of it, where that names no zone.
        tool: the tool that says so.
        tool_version: its version.
        reported_outcome: the outcome in the tool's own word.
    """

    service: Name | None = None
    service_basis: Name | None = None
    environment: Name | None = None
    environment_basis: Name | None = None
    repository: Handle | None = None
    commit: Commit | None = None
    artifact: Artifact | None = None
    release: Name | None = None
    run: Name | None = None
    actor: Person | None = None
    workload: Name | None = None
    ticket: Name | None = None
    url: Handle | None = None
    duration_s: Seconds | None = None
    runner: Handle | None = None
    documents: Annotated[list[Document], Meta(max_length=100)] | None = None
    time_basis: Literal["source", "source_local", "caller", "received"] | None = None
    local_time: Name | None = None
    tool: Name | None = None
    tool_version: Name | None = None
    reported_outcome: Name | None = None
