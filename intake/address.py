"""Addresses as tools write them, without what should not travel along."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import urlsplit, urlunsplit

from intake.rows import named

_WEB = frozenset({"http", "https"})
_SSH: Final = re.compile(r"^ssh://(?:[^/@]*@)?([^/@:]+)/(?=.)")
_SCP: Final = re.compile(r"^[^/@:]+@([^/:]+):(?!/)(?=.)")


def address_of(text: str | None) -> str | None:
    """An http or https address, or None where the text is none.

    User and password, query and fragment are left out: tokens and sessions stand there.
    """
    line = named(text)
    if line is None or " " in line:
        return None
    try:
        parts = urlsplit(line)
        host = parts.netloc.rpartition("@")[2]
    except ValueError:
        return None
    if parts.scheme.lower() not in _WEB or not host:
        return None
    return urlunsplit((parts.scheme.lower(), host, parts.path, "", ""))


def site_of(text: str | None) -> str | None:
    """Scheme and host of an http or https address, or None where the text is none."""
    address = address_of(text)
    if address is None:
        return None
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"


def repository_of(text: str | None) -> str | None:
    """A repository's address for people: as `address_of`, SSH as https, without git's suffix."""
    spelled = _SCP.sub(r"https://\1/", (text or "").strip())
    address = address_of(_SSH.sub(r"https://\1/", spelled))
    return address.rstrip("/").removesuffix(".git") if address is not None else None
