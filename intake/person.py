"""People as tools name them."""

from __future__ import annotations

import re
from typing import Any, Final

from intake.rows import named

_MAILBOX: Final = re.compile(r"([^<>]*)<([^<>\s]+@[^<>\s]+)>")


def person_of(
    system: str,
    *,
    login: str | None = None,
    email: str | None = None,
    name: str | None = None,
    account: str | int | None = None,
) -> dict[str, Any] | None:
    """A reference to somebody (`PersonRef`), or None where the tool names nobody.

    Args:
        system: where the account is: `github`, `gitlab`, a host name.
        login: account name there.
        email: e-mail address.
        name: display name.
        account: the system's own id of the account.
    """
    told: dict[str, Any] = {
        "login": named(login),
        "email": named(email),
        "name": named(name),
        "id": named(str(account)) if account is not None else None,
    }
    found = {key: value for key, value in told.items() if value is not None}
    return {"system": system} | found if found else None


def mailbox_of(system: str, text: str | None) -> dict[str, Any] | None:
    """A reference to whoever is written `name <e-mail address>`; another text is a name."""
    found = _MAILBOX.fullmatch((text or "").strip()[:1000])
    if found is None:
        return person_of(system, name=text)
    return person_of(system, name=found[1], email=found[2])


def account_of(system: str, name: str | None) -> dict[str, Any] | None:
    """A reference to whoever has a login, which on many systems is an e-mail address."""
    if name is not None and "@" in name:
        return person_of(system, email=name)
    return person_of(system, login=name)
