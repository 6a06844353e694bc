"""An event as its readers see it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from intake.address import address_of
from intake.ids import commit_of
from intake.instant import told_time
from intake.person import account_of
from intake.purl import artifact_named
from intake.report import fact
from intake.rows import named

if TYPE_CHECKING:
    from intake.cdevents.structure import Content, Context, Reference
    from intake.report import Reading

SCHEME: Final = "cdevents:"
"""What stands before an emitter's source, so that it is nobody else's."""

_MOST: Final = 1500
_USER: Final = "urn:user:"
_OUTCOMES: Final = {
    "success": "success", "pass": "success", "failure": "failure", "fail": "failure",
    "error": "error", "cancel": "cancelled",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Event:
    """One event.

    Attributes:
        context: of which event it is.
        subject: id of what it is about.
        content: what is said of that.
        custom: the emitter's own data, if it is an object.
        more: further fields of the data.
    """

    context: Context
    subject: str
    content: Content
    custom: dict[str, Any]
    more: dict[str, Any]

    @property
    def name(self) -> str | None:
        """The subject's id as a name."""
        return named(self.subject)

    def outcome(self) -> str | None:
        """The outcome in our words; None where there is none, or one that is not known."""
        return _OUTCOMES.get((self.content.outcome or "").lower())

    def environment(self) -> str | None:
        """The environment's id."""
        return id_of(self.content.environment)

    def artifact(self) -> dict[str, Any] | None:
        """The artifact's package URL, and the digest that it is of."""
        return artifact_named(self.content.artifact_id)

    def repository(self, reference: Reference | None = None) -> str | None:
        """The address of a repository: its id at its source, where that is an address."""
        found = reference or self.content.repository
        if found is None or (name := named(found.id)) is None:
            return None
        place = address_of(found.source)
        if address_of(name) is not None or place is None:
            return address_of(name) or name
        return f"{place.rstrip('/')}/{name.lstrip('/')}"

    def person(self, told: str | None) -> dict[str, Any] | None:
        """Somebody as this emitter knows them; a URN of a user is their login."""
        login = named(told)
        return account_of(
            named(self.context.source) or "cdevents", login.removeprefix(_USER) if login else None
        )

    def related(self, kind: str) -> str | None:
        """The id of the event that this one is related to in that way."""
        for link in self.context.links or ():
            if (link.link_kind or "").lower() == kind.lower() and link.target is not None:
                return named(link.target.context_id)
        return None

    def _commit(self) -> str | None:
        """No subject has a commit; emitters may put it into their own data."""
        told = self.custom.get("commit")
        return commit_of(told) if isinstance(told, str) else None

    def reading(self, what: str, data: dict[str, Any]) -> Reading:
        """A reading.

        Args:
            what: the type without prefix and version.
            data: fields; None is left out.
        """
        told = {
            "url": address_of(self.content.uri or self.content.url),
            "chain": named(self.context.chain_id),
            "commit": self._commit(),
            **self.more,
            **{name: value for name, value in data.items() if value is not None},
        }
        return fact(
            what,
            told_time(self.context.timestamp),
            told,
            kind=self.context.type,
            source=source_of(self.context.source),
            identity=f"{self.context.source} {self.context.type} {self.context.id}",
        )


def id_of(reference: Reference | None) -> str | None:
    """The id of another subject."""
    return named(reference.id) if reference is not None else None


def source_of(text: str) -> str | None:
    """An emitter's source as an absolute URI of its own scheme."""
    quoted = quote(text.strip().partition("#")[0], safe="/:?=&%@+~,;!$'()*[]-._")
    return SCHEME + quoted if quoted and len(quoted) <= _MOST else None
