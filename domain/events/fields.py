"""The kinds of values that event data is made of.

A field's kind says what it may hold, and by its *mark* what the people stage does with it:

| mark   | meaning                                                       | afterwards              |
|--------|---------------------------------------------------------------|-------------------------|
| person | names somebody: login, e-mail address, or an object of those  | an opaque id            |
| text   | free text that people wrote                                   | moved to a sealed part  |
| handle | an address or path that may contain somebody's name           | name replaced by the id |
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

MAX_NAME = 500
MAX_TEXT = 65_536
MAX_LIST = 10_000

# No control characters: a name stands on one line wherever it is shown.
_LINE = r"^[^\x00-\x1f\x7f]*$"
_NO_NUL = r"^[^\x00]*$"

Name = Annotated[str, Meta(min_length=1, max_length=MAX_NAME, pattern=_LINE)]
"""A name or id on one line."""

Handle = Annotated[
    str, Meta(min_length=1, max_length=4096, pattern=_LINE, extra={"mark": "handle"})
]
"""A repository, branch, address or path on one line."""

Text = Annotated[str, Meta(max_length=MAX_TEXT, pattern=_NO_NUL, extra={"mark": "text"})]
"""Free text; may have line feeds."""

Commit = Annotated[str, Meta(pattern=r"^(?:[0-9a-f]{40}|[0-9a-f]{64})$")]
"""A git object id, SHA-1 or SHA-256, lower case."""

Digest = Annotated[str, Meta(max_length=200, pattern=r"^[a-z0-9][a-z0-9+._-]*:[0-9a-f]{32,128}$")]
"""`algorithm:hex`, lower case."""

Instant = Annotated[
    str,
    Meta(
        max_length=40,
        pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,9})?"
        r"(?:[Zz]|[+-][0-9]{2}:[0-9]{2})$",
    ),
]
"""RFC 3339 with offset."""

Seconds = Annotated[float, Meta(ge=0)]
"""A duration in seconds."""

Count = Annotated[int, Meta(ge=0)]
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

    system: str | None = None
    login: str | None = None
    email: str | None = None
    name: str | None = None
    id: str | int | None = None


Person = Annotated[str | PersonRef, Meta(extra={"mark": "person"})]
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
    purl: Name | None = None
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
        environment: the environment it concerns.
        repository: address of the source repository.
        commit: git object id.
        artifact: what it concerns.
        release: version of the service.
        run: id of the pipeline run.
        actor: who did it.
        ticket: key of a ticket.
        url: where to look.
        duration_s: how long it took, in seconds.
        runner: the machine it ran on.
        documents: what belongs to it.
        time_basis: where `time` comes from.
        tool: the tool that says so.
        tool_version: its version.
        reported_outcome: the outcome in the tool's own word.
    """

    service: Name | None = None
    environment: Name | None = None
    repository: Handle | None = None
    commit: Commit | None = None
    artifact: Artifact | None = None
    release: Name | None = None
    run: Name | None = None
    actor: Person | None = None
    ticket: Name | None = None
    url: Handle | None = None
    duration_s: Seconds | None = None
    runner: Handle | None = None
    documents: Annotated[list[Document], Meta(max_length=100)] | None = None
    time_basis: Literal["source", "source_local", "caller", "received"] | None = None
    tool: Name | None = None
    tool_version: Name | None = None
    reported_outcome: Name | None = None
