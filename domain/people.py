"""Takes people out of an event before anything is derived from it or signed.

Persons become opaque ids, free texts move into one part that is sealed for them, and where an
address or path carries the name of somebody the event speaks of, the id stands in its place.
Streams, tags and sources are derived from the result.

A service that bears the name of a login keeps it: services, environments, versions, digests and
ids are never searched for names, wherever they stand. Nor does somebody whose address begins with
`main` rename a branch, which others would then not find.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from itertools import islice
from typing import TYPE_CHECKING, Any, Final, Protocol

from domain.addresses import is_branch, is_segment
from domain.errors import RefusedError
from domain.events.marks import EACH, VALUES, marked
from domain.log.names import PRINCIPAL
from domain.mentions import (
    ADDRESS,
    Folded,
    Names,
    addresses_in,
    handles_in,
    mentions_nobody,
    replace_handles,
)
from domain.texts import steps_of, take

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from domain.event import Event
    from domain.events.marks import Field, Path
    from domain.mentions import Kept

_ID: Final = re.compile(PRINCIPAL)
_NAMED: Final = re.compile(r"\s*([^<>]*?)\s*<([^<>\s]+@[^<>\s]+)>\s*")
"""How git and mail write somebody: a name, and the address in angle brackets."""
_BARE: Final = re.compile(r"[^<>\s@/]+@[^<>\s@/]+")
SEALED: Final = "pipeledgertexts"
"""CloudEvents extension of ours: which fields of free text an event had before they were sealed.

What was written stays sealed; that something was is a fact that controls ask for.
"""
_REFS: Final = ("ref", "head_ref", "target_ref")
_PLACES: Final = ("repository", "source_uri", "sources", "deployment_source")
"""Addresses by which events find each other, as by their source."""
_SHORTEST: Final = 3
_MOST: Final = 1000
"""Addresses outside the fields for persons, in one event; and mentions by `@login`."""


@dataclass(frozen=True, slots=True)
class Account:
    """Somebody as a tool knows them; at least one of login, email, name and id is given.

    Attributes:
        system: where the account is, or None.
        login: account name.
        email: e-mail address.
        name: display name.
        id: the system's own id.
    """

    system: str | None = None
    login: str | None = None
    email: str | None = None
    name: str | None = None
    id: str | None = None

    def handles(self) -> Iterator[tuple[str, bool]]:
        """Spellings under which the person may stand in an address or path.

        Each with whether it is loose: local parts and display names are anybody's to choose.
        """
        for value in (self.login, self.email):
            if value is not None:
                yield value, False
        if self.email is not None:
            yield self.email.partition("@")[0], True
        if self.name is not None:
            yield self.name, True
            if " " in self.name:
                for joint in ("-", ".", "_", "+", ""):
                    yield joint.join(self.name.split()), True


class People(Protocol):
    """Who the ids are."""

    def resolve(self, accounts: Sequence[Account]) -> list[str]:
        """Each account's person id; new persons are made where needed."""
        ...

    def known(self, accounts: Sequence[Account]) -> list[str | None]:
        """Each account's person id where it was met before; nobody is made."""
        ...

    def absent(self, persons: Sequence[str]) -> list[str]:
        """Which of these ids nobody has."""
        ...


@dataclass(frozen=True, slots=True)
class Impersonal:
    """An event without people.

    Attributes:
        event: what may be kept in clear.
        encoded: the event as `Event.encode` gives it.
        texts: the free texts as JSON (their places by RFC 6901, each with the text), to be
            sealed, or None.
        persons: ids of everybody the event speaks of, sorted.
    """

    event: Event
    encoded: bytes
    texts: bytes | None
    persons: tuple[str, ...]


def depersonalise(event: Event, people: People) -> Impersonal:
    """The event without people; see the module.

    Args:
        event: as it passed the door; its data is not changed.
        people: finds or makes persons.

    Raises:
        RefusedError: an id that nobody has, or too many addresses.
    """
    return _of_nobody(event) or _without_people(event, people)


def _of_nobody(event: Event) -> Impersonal | None:
    """The event itself, if it plainly speaks of nobody."""
    if SEALED in event.extensions:
        return None
    marks = marked(event.type)
    for path in marks.persons + marks.texts:
        if next(_places(event.data, path), None) is not None:
            return None
    # Whatever makes a mention stands unescaped in JSON, so all its texts are searched in one.
    encoded = event.encode()
    return Impersonal(event, encoded, None, ()) if mentions_nobody(encoded.decode()) else None


def _without_people(event: Event, people: People) -> Impersonal:
    marks = marked(event.type)
    data = _copy(event.data)
    texts: dict[str, str] = {}
    for path in marks.texts:
        take(data, path, (), texts)
    event = replace(event, extensions=_with_sealed(event.extensions, texts))
    found: list[tuple[Any, Any, Account]] = []
    given: set[str] = set()
    for path in marks.persons:
        for holder, key, value in _places(data, path):
            if isinstance(value, str) and _ID.fullmatch(value):
                given.add(value)
            else:
                found.append((holder, key, _account(value, event.source)))
    if given and people.absent(sorted(given)):
        raise RefusedError("field data", "an id that no person of this ledger has")
    named = [account for _, _, account in found]
    for holder, key, _ in found:
        holder[key] = ""
    spoken = [event.id, event.source, *_strings([event.extensions, data]), *texts.values()]
    # The names of trailers are what somebody wrote, too.
    spoken += (step for path in texts for step in steps_of(path))
    if mentions_nobody("\n".join(spoken)):
        spoken = []
    loose = _loose(spoken)
    mentions = _mentions(spoken, event.source, named)
    met_here = {account.email.casefold() for account in named if account.email is not None}
    accounts = named + [one for one in loose if (one.email or "").casefold() not in met_here]
    if not accounts and not texts and not mentions:
        return Impersonal(event, event.encode(), None, tuple(sorted(given)))
    ids = people.resolve(accounts) if accounts else []
    for (holder, key, _), person in zip(found, ids, strict=False):
        holder[key] = person
    known = people.known(mentions) if mentions else ()
    met = [(one.login or "", who) for one, who in zip(mentions, known, strict=True) if who]
    clean = _Cleaner(accounts, ids, met)
    changed = replace(
        event,
        id=clean.mails(event.id),
        source=clean.address(event.source),
        data=clean.fields(data, marks.whole),
        extensions={name: clean.all(value) for name, value in event.extensions.items()},
    )
    body = json.dumps(texts, ensure_ascii=False).encode() if texts else None
    persons = given.union(ids, (who for _, who in met))
    return Impersonal(changed, changed.encode(), body, tuple(sorted(persons)))


def is_address(text: str) -> bool:
    """Whether this is somebody's e-mail address."""
    return ADDRESS.fullmatch(Folded(text).text) is not None


def account_of(name: str, system: str) -> Account:
    """Whoever an operator names: by an address, alone or as git writes it, who commits by it.

    Args:
        name: an address, a name with an address in angle brackets, or a login.
        system: where logins are accounts of.
    """
    named = _NAMED.fullmatch(name)
    if named is not None:
        return Account(system=system, login=named[2], email=named[2], name=named[1] or None)
    # Git's addresses often end in the name of a host without a domain.
    is_mail = is_address(name) or _BARE.fullmatch(name) is not None
    return Account(system=system, login=name, email=name if is_mail else None)


def _with_sealed(extensions: dict[str, Any], texts: Mapping[str, str]) -> dict[str, Any]:
    """The extensions with the names of the fields whose texts are sealed, whoever sent others."""
    kept = {name: value for name, value in extensions.items() if name != SEALED}
    names = sorted({steps_of(path)[0] for path, text in texts.items() if text.strip()})
    return kept | {SEALED: " ".join(names)} if names else kept


def _loose(texts: Iterable[str]) -> list[Account]:
    """Whoever is named by an address somewhere else than in a field for persons.

    Raises:
        RefusedError: too many.
    """
    found: dict[str, str] = {}
    for text in texts:
        for address in addresses_in(text):
            found.setdefault(address.casefold(), address)
            if len(found) > _MOST:
                raise RefusedError("field data", f"over {_MOST} addresses of people in texts")
    return [Account(email=address) for _, address in sorted(found.items())]


def _mentions(texts: Iterable[str], source: str, named: Sequence[Account]) -> list[Account]:
    """Accounts that are mentioned as `@login`, on the systems this event speaks of."""
    logins = {login.casefold() for text in texts for login in handles_in(text)}
    if not logins:
        return []
    systems = {_system(source), *(account.system for account in named if account.system)}
    pairs = ((login, system) for login in sorted(logins) for system in sorted(systems))
    return [Account(system=system, login=login) for login, system in islice(pairs, _MOST)]


class _Cleaner:
    """Replaces names by ids."""

    def __init__(
        self,
        accounts: Sequence[Account],
        ids: Sequence[str],
        met: Iterable[tuple[str, str]],
    ) -> None:
        """Take who is named, their ids, and logins with the ids of whom they may mean."""
        names = [
            (handle, person, is_loose)
            for account, person in zip(accounts, ids, strict=True)
            for handle, is_loose in account.handles()
            if len(handle) >= _SHORTEST
        ]
        self._mails = Names(name for name in names if "@" in name[0])
        self._names = Names(names)
        several: dict[str, dict[str, None]] = {}
        for login, person in met:
            several.setdefault(login, {})[person] = None
        # A login on several systems may be any of its bearers; none of them stays named.
        self._handles = {login: "|".join(persons) for login, persons in several.items()}
        self._ways = dict.fromkeys(_PLACES, self.address) | dict.fromkeys(_REFS, self._reference)

    def fields(self, value: Any, at: Field) -> Any:  # noqa: ANN401 - JSON
        """Data by the marks of its fields; what nobody knows may be anything."""
        if at.handle is not None:
            return _map(value, self._ways.get(at.handle, self._text))
        if isinstance(value, dict):
            return _renamed(self._field(name, inner, at) for name, inner in value.items())
        if isinstance(value, list) and EACH in at.inner:
            each = at.inner[EACH]
            return [self.fields(inner, each) for inner in value]
        return self.mails(value)

    def _field(self, name: str, value: Any, at: Field) -> tuple[str, Any]:  # noqa: ANN401 - JSON
        if name in at.inner:
            return name, self.fields(value, at.inner[name])
        if VALUES in at.inner:
            return self.mails(name), self.fields(value, at.inner[VALUES])
        return self.all(name), self.all(value)

    def all(self, value: Any) -> Any:  # noqa: ANN401 - JSON
        return _map(value, self._text)

    def mails(self, value: Any) -> Any:  # noqa: ANN401 - JSON
        return _map(value, self._mail)

    def address(self, value: str) -> str:
        return self._text(value, is_segment)

    def _reference(self, value: str) -> str:
        return self._text(value, is_branch)

    def _mail(self, value: str) -> str:
        return value if mentions_nobody(value) else self._mails.replace(value)

    def _text(self, value: str, kept: Kept | None = None) -> str:
        return replace_handles(self._names.replace(value, kept), self._handles)


def _system(source: str) -> str:
    return source.partition("//")[2].partition("/")[0] or source


def _account(value: Any, source: str) -> Account:  # noqa: ANN401 - JSON
    system = _system(source)
    if isinstance(value, str):
        named = _NAMED.fullmatch(value)
        if named is not None:
            return Account(email=named[2], name=named[1] or None)
        if is_address(value):
            return Account(email=value)
        return Account(system=system, login=value)
    number = value.get("id")
    return Account(
        system=value.get("system") or system,
        login=value.get("login"),
        email=value.get("email"),
        name=value.get("name"),
        id=None if number is None else str(number),
    )


def _places(data: Any, path: Path) -> Iterator[tuple[Any, Any, Any]]:  # noqa: ANN401 - JSON
    """Where a path leads: holder, key and value of each place that is filled."""
    step, rest = path[0], path[1:]
    keys: Iterable[Any] = ()
    if step == EACH and isinstance(data, list):
        keys = range(len(data))
    elif step == VALUES and isinstance(data, dict):
        keys = list(data)
    elif isinstance(data, dict) and data.get(step) is not None:
        keys = (step,)
    for key in keys:
        if rest:
            yield from _places(data[key], rest)
        elif data[key] is not None:
            yield data, key, data[key]


def _copy(value: Any) -> Any:  # noqa: ANN401 - JSON
    if isinstance(value, dict):
        return {key: _copy(inner) for key, inner in value.items()}
    return [_copy(inner) for inner in value] if isinstance(value, list) else value


def _map(value: Any, change: Callable[[str], str]) -> Any:  # noqa: ANN401 - JSON
    if isinstance(value, str):
        return change(value)
    if isinstance(value, dict):
        return _renamed((change(key), _map(inner, change)) for key, inner in value.items())
    return [_map(inner, change) for inner in value] if isinstance(value, list) else value


def _renamed(fields: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """An object of these fields; two names that became one are told apart by a number."""
    made: dict[str, Any] = {}
    for name, value in fields:
        free, number = name, 1
        while free in made:
            number += 1
            free = f"{name}~{number}"
        made[free] = value
    return made


def _strings(values: Iterable[Any]) -> Iterator[str]:
    for value in values:
        if isinstance(value, str):
            yield value
        elif isinstance(value, dict):
            yield from value
            yield from _strings(value.values())
        elif isinstance(value, list):
            yield from _strings(value)
