"""How people on a command line or in a request name somebody."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from domain.errors import NotFoundError
from domain.people import Account

if TYPE_CHECKING:
    from domain.people import People

_ID: Final = re.compile(r"(?:per|wkl)_[0-9a-f]{32}")
HERE: Final = "pipeledger"
"""The system that the names of this ledger's own tokens are accounts of."""


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
