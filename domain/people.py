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
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from domain.events.marks import EACH, VALUES, marked

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from domain.event import Event
    from domain.events.marks import Path

_ID: Final = re.compile(r"(?:per|wkl)_[0-9a-f]{32}")
_EMAIL: Final = re.compile(r"[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+")
_SHORTEST: Final = 3
_LONGEST: Final = 320


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
            for joint in ("-", ".", "_", ""):
                yield joint.join(self.name.split())


Resolve = Callable[["Sequence[Account]"], "list[str]"]
"""Gives each account's person id, making new persons where needed."""


@dataclass(frozen=True, slots=True)
class Impersonal:
    """An event without people.

    Attributes:
        event: what may be kept in clear.
        texts: the free texts as JSON (path to text), to be sealed, or None.
        persons: ids of everybody the event speaks of, sorted.
    """

    event: Event
    texts: bytes | None
    persons: tuple[str, ...]


def depersonalise(event: Event, resolve: Resolve) -> Impersonal:
    """The event without people; see the module.

    Args:
        event: as it passed the door; its data is not changed.
        resolve: finds or makes persons.
    """
    marks = marked(event.type)
    data = _copy(event.data)
    texts: dict[str, str] = {}
    for path in marks.texts:
        _take_texts(data, path, (), texts)
    found: list[tuple[Any, Any, Account]] = []
    persons: set[str] = set()
    for path in marks.persons:
        for holder, key, value in _places(data, path):
            if isinstance(value, str) and _ID.fullmatch(value):
                persons.add(value)
            else:
                found.append((holder, key, _account(value, event.source)))
    open_text = [event.source, *_strings(event.extensions.values()), *_strings(data.values())]
    loose = sorted({mail for text in open_text if "@" in text for mail in _EMAIL.findall(text)})
    accounts = [account for _, _, account in found]
    accounts += [Account(email=mail) for mail in loose]
    if not accounts and not texts:
        return Impersonal(event, None, tuple(sorted(persons)))
    ids = resolve(accounts) if accounts else []
    for (holder, key, _), person in zip(found, ids, strict=False):
        holder[key] = person
    persons.update(ids)
    clean = _Cleaner(accounts, ids)
    handled = {path[0] for path in marks.handles}
    for name, value in data.items():
        # Names the vocabulary knows and does not mark are services, versions, ids.
        if name in handled or name not in marks.known:
            data[name] = clean.all(value)
        else:
            data[name] = clean.mails(value)
    changed = replace(
        event,
        id=clean.text(event.id) if loose else event.id,
        source=clean.text(event.source),
        data=data,
        extensions={name: clean.all(value) for name, value in event.extensions.items()},
    )
    body = json.dumps(texts, ensure_ascii=False).encode() if texts else None
    return Impersonal(changed, body, tuple(sorted(persons)))


class _Cleaner:
    """Replaces names by ids."""

    def __init__(self, accounts: Sequence[Account], ids: Sequence[str]) -> None:
        self._ids: dict[str, str] = {}
        for account, person in zip(accounts, ids, strict=True):
            for handle in account.handles():
                if _SHORTEST <= len(handle) <= _LONGEST:
                    self._ids.setdefault(handle.casefold(), person)
        # The longest first: an e-mail address goes before its local part.
        names = sorted(self._ids, key=len, reverse=True)
        self._names = _either(names)
        self._mails = _either([name for name in names if "@" in name])

    def text(self, value: str) -> str:
        return self._sub(self._names, value)

    def all(self, value: Any) -> Any:  # noqa: ANN401 - JSON
        return _map(value, self.text)

    def mails(self, value: Any) -> Any:  # noqa: ANN401 - JSON
        return _map(value, lambda text: self._sub(self._mails, text))

    def _sub(self, pattern: re.Pattern[str] | None, value: str) -> str:
        if pattern is None:
            return value
        return pattern.sub(lambda match: self._ids.get(match[0].casefold(), "~"), value)


def _either(names: Sequence[str]) -> re.Pattern[str] | None:
    if not names:
        return None
    choice = "|".join(map(re.escape, names))
    return re.compile(rf"(?<![A-Za-z0-9])(?:{choice})(?![A-Za-z0-9])", re.IGNORECASE)


def _account(value: Any, source: str) -> Account:  # noqa: ANN401 - JSON
    system = source.partition("//")[2].partition("/")[0] or source
    if isinstance(value, str):
        if _EMAIL.fullmatch(value):
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
        return {change(key): _map(inner, change) for key, inner in value.items()}
    return [_map(inner, change) for inner in value] if isinstance(value, list) else value


def _strings(values: Iterable[Any]) -> Iterator[str]:
    for value in values:
        if isinstance(value, str):
            yield value
        elif isinstance(value, dict):
            yield from value
            yield from _strings(value.values())
        elif isinstance(value, list):
            yield from _strings(value)
