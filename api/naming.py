"""How people on a command line or in a request name somebody."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from domain.errors import NotFoundError
from domain.people import Account, account_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from domain.people import People

_ID: Final = re.compile(r"(?:per|wkl)_[0-9a-f]{32}")
HERE: Final = "pipeledger"
"""The system that the names of this ledger's own tokens are accounts of."""
_FORGES: Final = ("github", "gitlab")
"""Systems whose accounts are called by its name, whatever its host is."""


def systems_of(data: Mapping[str, Any]) -> list[str]:
    """Where a bare login in a request may be an account, the likeliest first.

    Args:
        data: of the request: where who started its job has an account, and its repository's host.
    """
    actor = data.get("actor")
    told = actor.get("system") if isinstance(actor, dict) else None
    host = str(data.get("repository") or "").partition("//")[2].partition("/")[0]
    forges = [label for label in host.lower().split(".") if label in _FORGES]
    return list(dict.fromkeys(one for one in (told, *forges, host, HERE) if one))


def meant_by(people: People, word: str, systems: Sequence[str]) -> list[str | dict[str, str]]:
    """Whoever a request names by a word; all of them, where it may be several.

    Args:
        people: who the ids are.
        word: an id, `system/login`, an e-mail address, or a login.
        systems: where a bare login may be an account, the likeliest first.

    Returns:
        Ids; of somebody who was not met yet, a reference to the likeliest account.
    """
    if _ID.fullmatch(word):
        return [word]
    address = account_of(word, HERE).email
    if address is not None:
        return [{"email": address}]
    system, slash, login = word.rpartition("/")
    if slash:
        systems = [system]
    met = people.known([Account(system=one, login=login) for one in systems])
    found: list[str | dict[str, str]] = [*dict.fromkeys(who for who in met if who is not None)]
    return found or [{"system": systems[0], "login": login}]


def person_of(people: People, word: str) -> str:
    """The opaque id of somebody who was met before.

    Args:
        people: who the ids are.
        word: that id, `system/login` (`github.com/mchen`, `pipeledger/mia` of a token), or an
            e-mail address.

    Raises:
        NotFoundError: nobody was met by that.
    """
    if _ID.fullmatch(word):
        if people.absent([word]):
            raise NotFoundError("no person of this ledger has this id")
        return word
    system, slash, login = word.rpartition("/")
    account = Account(system=system, login=login) if slash else Account(email=word)
    (found,) = people.known([account])
    if found is None:
        raise NotFoundError(
            "nobody was met by such an account: name a person by the id, by system/login or by "
            "e-mail address"
        )
    return found
