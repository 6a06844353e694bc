"""Takes people out of an event before anything is derived from it or signed.

Persons become opaque ids, free texts move into one part that is sealed for them, and where an
address or path carries the name of somebody the event speaks of, the id stands in its place.
Streams, tags and sources are derived from the result.

A service that bears the name of a login keeps it: services, environments, versions, digests and
ids are never searched for names.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from itertools import islice
from typing import TYPE_CHECKING, Any, Final, Protocol

from domain.errors import RefusedError
from domain.events.marks import EACH, VALUES, marked
from domain.mentions import (
    ADDRESS,
    Folded,
    Names,
    addresses_in,
    handles_in,
    mentions_nobody,
    replace_handles,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from domain.event import Event
    from domain.events.marks import Path

_ID: Final = re.compile(r"(?:per|wkl)_[0-9a-f]{32}")
_NAMED: Final = re.compile(r"\s*([^<>]*?)\s*<([^<>\s]+@[^<>\s]+)>\s*")
"""How git and mail write somebody: a name, and the address in angle brackets."""
SEALED: Final = "pipeledgertexts"
"""CloudEvents extension of ours: which fields of free text an event had before they were sealed.

What was written stays sealed; that something was is a fact that controls ask for.
"""
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

    def handles(self) -> Iterator[str]:
        """Spellings under which the person may stand in an address or path."""
        for value in (self.login, self.email, self.name):
            if value is not None:
                yield value
        if self.email is not None:
            yield self.email.partition("@")[0]
        if self.name is not None and " " in self.name:
            for joint in ("-", ".", "_", "+", ""):
                yield joint.join(self.name.split())


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
        texts: the free texts as JSON (path to text), to be sealed, or None.
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
        _take_texts(data, path, (), texts)
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
    met = zip(mentions, people.known(mentions), strict=True) if mentions else ()
    handles = {account.login or "": person for account, person in met if person is not None}
    clean = _Cleaner(accounts, ids, handles)
    handled = {path[0] for path in marks.handles}
    # Names the vocabulary knows and does not mark are services, versions, ids.
    kept = marks.known - handled
    changed = replace(
        event,
        id=clean.mails(event.id),
        source=clean.all(event.source),
        data=_renamed(
            (name if name in marks.known else clean.all(name),
             clean.mails(value) if name in kept else clean.all(value))
            for name, value in data.items()
        ),
        extensions={name: clean.all(value) for name, value in event.extensions.items()},
    )  # fmt: skip
    body = json.dumps(texts, ensure_ascii=False).encode() if texts else None
    persons = given.union(ids, handles.values())
    return Impersonal(changed, changed.encode(), body, tuple(sorted(persons)))


def is_address(text: str) -> bool:
    """Whether this is somebody's e-mail address."""
    return ADDRESS.fullmatch(Folded(text).text) is not None


def _with_sealed(extensions: dict[str, Any], texts: Mapping[str, str]) -> dict[str, Any]:
    """The extensions with the names of the fields whose texts are sealed, whoever sent others."""
    kept = {name: value for name, value in extensions.items() if name != SEALED}
    names = sorted({path.partition(".")[0] for path, text in texts.items() if text.strip()})
    return kept | {SEALED: " ".join(names)} if names else kept


def put_back(data: Any, texts: Mapping[str, str]) -> None:  # noqa: ANN401 - JSON
    """Put free texts back where `depersonalise` took them from.

    Args:
        data: of the event, which is changed.
        texts: of its sealed part: path to text.
    """
    for path, text in texts.items():
        *steps, last = path.split(".")
        holder = data
        for step in steps:
            holder = holder[int(step)] if isinstance(holder, list) else holder[step]
        if isinstance(holder, list):
            holder[int(last)] = text
        else:
            holder[last] = text


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
        self, accounts: Sequence[Account], ids: Sequence[str], handles: Mapping[str, str]
    ) -> None:
        names = [
            (handle, person)
            for account, person in zip(accounts, ids, strict=True)
            for handle in account.handles()
            if len(handle) >= _SHORTEST
        ]
        self._mails = Names((name, person) for name, person in names if "@" in name)
        self._names = Names(names)
        self._handles = handles

    def all(self, value: Any) -> Any:  # noqa: ANN401 - JSON
        return _map(value, self._text)

    def mails(self, value: Any) -> Any:  # noqa: ANN401 - JSON
        return _map(value, self._mails.replace)

    def _text(self, value: str) -> str:
        return replace_handles(self._names.replace(value), self._handles)


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


def _take_texts(data: Any, path: Path, at: tuple[str, ...], texts: dict[str, str]) -> None:  # noqa: ANN401 - JSON
    step, rest = path[0], path[1:]
    if step == EACH and isinstance(data, list):
        keys: list[Any] = list(range(len(data)))
    elif step == VALUES and isinstance(data, dict):
        keys = list(data)
    elif isinstance(data, dict) and data.get(step) is not None:
        keys = [step]
    else:
        return
    for key in keys:
        here = (*at, str(key))
        if rest:
            _take_texts(data[key], rest, here, texts)
        elif isinstance(data[key], str):
            texts[".".join(here)] = data[key]
            # A place in a list stays, so that the others keep their numbers.
            if isinstance(data, list):
                data[key] = ""
            else:
                del data[key]


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
