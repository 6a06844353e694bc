"""An approval is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from eventsourcing.dcb.domain import Selector

from domain.decisions.approval import stream_of
from domain.decisions.command import Command
from domain.decisions.fact import ApprovalRequested, Fact
from domain.errors import ConflictError, RefusedError
from domain.instant import read_time

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping
    from datetime import datetime

    from domain.decisions.authorship import Authorship
    from domain.log.by import By

MOST_SUBJECTS: Final = 100
MOST_REQUIRED: Final = 20
_NAMED_BY: Final = {
    "artifact": "digest", "plan": "digest", "config": "digest", "commit": "commit",
    "release": "release",
}  # fmt: skip
# A subject is shown by what names it first: these would be taken for its name.
_MISREAD: Final = {"commit": ("digest",), "release": ("digest", "commit")}
MEANWHILE: Final = "something that this stands on was changed meanwhile; look, and send it again"


class RequestApproval(Command):
    """Ask for an approval; whoever made its subjects is found and named."""

    makes = ApprovalRequested

    def __init__(
        self,
        data: dict[str, Any],
        by: By,
        at: datetime,
        authorship: Authorship,
        *,
        declared: Mapping[str, Any] | None = None,
        erased: Collection[str] = (),
    ) -> None:
        """A request.

        Args:
            data: what is asked; `authors` as far as who asks knows them.
            by: who asks.
            at: the present instant.
            authorship: who made the subjects, as far as the ledger knows.
            declared: the emergency that is approved afterwards: told once, it never changes.
            erased: authors whom nobody names any more, since they were forgotten.
        """
        super().__init__(data | {"requester": by.principal}, by, at)
        self._authorship = authorship
        self._declared = declared or {}
        self._erased = erased
        self._found = authorship.selectors()
        self._taken = False

    def consistency_boundary(self) -> list[Selector]:
        """What is told of its subjects, and that nothing has its id."""
        own = Selector([self.makes], [stream_of(self.data["approval"])])
        return [own, *self._found]

    def learn(self, fact: Fact) -> None:
        """Take in a fact."""
        if isinstance(fact, ApprovalRequested):
            self._taken = True
        self._authorship.learn(fact)

    def check(self) -> None:
        """It says what is to be approved, and dates and numbers that can be kept.

        Raises:
            RefusedError: it does not.
            ConflictError: its id is taken, no person asks, or more came meanwhile.
        """
        self.need_person()
        if self._taken:
            raise ConflictError("an approval of this id was requested before")
        check_subjects(self.data)
        self._check_afterwards()
        check_span(self.data, self.at)
        roles, required = self.data.get("roles") or [], self.data.get("required")
        if len(set(roles)) < len(roles):
            raise RefusedError("field roles", "a role is named twice")
        if required is not None and not 1 <= required <= MOST_REQUIRED:
            raise RefusedError("field required", f"expected 1 to {MOST_REQUIRED} persons")
        if len(roles) > (required or MOST_REQUIRED):
            raise RefusedError("field required", "fewer persons than roles: each role is a person")
        if self._authorship.selectors() != self._found:
            raise ConflictError(MEANWHILE)

    def _check_afterwards(self) -> None:
        """Refuse to approve afterwards anything but all that went ahead, where it did."""
        if not keys_of(self._declared.get("subjects") or ()) <= keys_of(self.data["subjects"]):
            raise RefusedError("field subjects", "something that went ahead is not among them")
        # A release is told by its service, too.
        if self._declared.get("service") not in (None, self.data.get("service")):
            raise RefusedError("field service", "what went ahead is of another service")
        where = set(self._declared.get("environments") or ())
        if not where <= set(self.data.get("environments") or ()):
            raise RefusedError("field environments", "where it went ahead is not among them")

    def execute(self) -> None:
        """Ask.

        Raises:
            RefusedError: it is incomplete.
            ConflictError: something in the ledger forbids it.
        """
        self.check()
        given = list(self.data.get("authors") or ())
        known = sorted(self._authorship.persons.difference(self._erased, map(str, given)))
        roles = self.data.get("roles")
        required = self.data.get("required") or (len(roles) if roles else None)
        more = {"authors": [*given, *known], "required": required}
        self.decide(self.data | {name: value for name, value in more.items() if value})


def check_subjects(data: Mapping[str, Any]) -> None:
    """Refuse subjects that name nothing.

    Raises:
        RefusedError: there is none, there are too many, or one does not say what it is.
    """
    subjects = data.get("subjects") or []
    if not 1 <= len(subjects) <= MOST_SUBJECTS:
        raise RefusedError("field subjects", f"expected 1 to {MOST_SUBJECTS}")
    for number, one in enumerate(subjects):
        named = _NAMED_BY.get(one["kind"])
        if named is None or one.get(named) is None:
            raise RefusedError(f"field subjects.{number}", f"a {one['kind']} is named by {named}")
        beside = [name for name in _MISREAD.get(one["kind"], ()) if one.get(name) is not None]
        if beside:
            raise RefusedError(
                f"field subjects.{number}",
                f"a {one['kind']} is named by {named} alone: its {beside[0]} is another subject",
            )
        if one["kind"] == "release" and data.get("service") is None:
            raise RefusedError("field service", "a release is a version of a service: name it")


def keys_of(subjects: Iterable[Mapping[str, Any]]) -> set[tuple[str | None, ...]]:
    """Subjects as they are told apart."""
    names = ("kind", "digest", "commit", "release")
    return {tuple(one.get(name) for name in names) for one in subjects}


def check_span(data: Mapping[str, Any], at: datetime) -> None:
    """Refuse dates between which nothing can be approved.

    Raises:
        RefusedError: it ends before it begins, or has ended.
    """
    said = data.get("valid_until")
    if said is None:
        return
    until = read_time(said, "field valid_until")
    if until <= at:
        raise RefusedError("field valid_until", "it is in the past")
    since = data.get("valid_from")
    if since is not None and until <= read_time(since, "field valid_from"):
        raise RefusedError("field valid_until", "it is not after valid_from")
