"""Words of the command line: event types, short forms, and `key=value`."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any

from pipeledger.errors import UsageError
from pipeledger.verifier.shown import printable

PREFIX = "pipeledger."
MAX_SAFE = 2**53 - 1
_TYPE = re.compile(r"[a-z]+(?:\.[a-z]+){1,2}")
_VERSION = re.compile(r"\.v([1-9][0-9]{0,3})$")
_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*(?:\.[A-Za-z_][A-Za-z0-9_-]*)*")
_INSTANT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?"
    r"([Zz]|[+-][0-9]{2}:[0-9]{2})"
)


@dataclass(frozen=True)
class Form:
    """A short form.

    Attributes:
        type: the event type it stands for.
        data: fields it sets unless they are given.
        identity: the field that names the thing; made up where it is not given.
    """

    type: str
    data: dict[str, str] = field(default_factory=dict)
    identity: str = ""


SHORT_FORMS = {
    "deployment": Form("deployment.finished", {"outcome": "success"}, "deployment"),
    "rollback": Form("deployment.finished", {"kind": "rollback", "outcome": "success"},
                     "deployment"),
    "hotfix": Form(
        "deployment.finished", {"kind": "hotfix", "outcome": "success"}, "deployment"
    ),
    "failover": Form("failover.finished", {"outcome": "success"}, "recovery"),
    "drill": Form("drill.finished", {"outcome": "success"}, "recovery"),
    "backup": Form("backup.finished", {"outcome": "success"}, "recovery"),
    "restore": Form("restore.tested", {"outcome": "success"}, "recovery"),
    "approval": Form("approval.reported", {"verdict": "approved"}, "approval"),
    "rejection": Form("approval.reported", {"verdict": "rejected"}, "approval"),
    "incident": Form("incident.opened", {}, "incident"),
    "release": Form("release.created"),
    "build": Form("build.finished", {"outcome": "success"}),
    "tests": Form("tests.finished", {"outcome": "success"}),
    "scan": Form("scan.finished", {"outcome": "success"}),
    "migration": Form("database.migrated", {"outcome": "success"}),
}  # fmt: skip
"""Of `emit`; each of them can be given its fields as any other type."""

IDENTITIES = {"deployment.started": "deployment", "deployment.finished": "deployment"}
"""Fields that are made up where a full type is given without them."""

DIGEST_FIELDS = frozenset({"artifact"})
"""Objects of which only the digest is given: `artifact=sha256:…` is `artifact.digest=sha256:…`."""


def form_of(word: str) -> Form:
    """The type that a word stands for: a short form, or a type with or without prefix and version.

    Raises:
        UsageError: neither.
    """
    if word in SHORT_FORMS:
        return SHORT_FORMS[word]
    name = _VERSION.sub("", word.removeprefix(PREFIX))
    if _TYPE.fullmatch(name) is None:
        raise UsageError(
            f"{printable(word[:80])}: expected a type such as deployment.finished, or one of "
            + ", ".join(SHORT_FORMS)
        )
    version = _VERSION.search(word)
    return Form(f"{name}.v{version[1]}" if version else name, {}, IDENTITIES.get(name, ""))


def versioned(name: str) -> str:
    """The CloudEvents type: prefix, name, version (1 unless the name has one)."""
    return PREFIX + (name if _VERSION.search(name) else f"{name}.v1")


def data_of(words: list[str]) -> dict[str, Any]:
    """The object that `key=value` and `key:=json` words make; dots in a key go inwards.

    Raises:
        UsageError: not of that form, a key twice, or no JSON.
    """
    data: dict[str, Any] = {}
    for word in words:
        key, sign, text = word.partition("=")
        if not sign:
            raise UsageError(f"{printable(word[:80])}: expected key=value or key:=json")
        value: Any = text
        if key.endswith(":"):
            key = key[:-1]
            value = _json(key, text)
        if _KEY.fullmatch(key) is None:
            raise UsageError(f"{printable(key[:80])}: no name of a field")
        if key in DIGEST_FIELDS and isinstance(value, str):
            key += ".digest"
        _put(data, key, value)
    return data


def check_instant(text: str, option: str = "--at") -> str:
    """`text` itself, if it is a time of RFC 3339 with its offset.

    Raises:
        UsageError: anything else.
    """
    if _INSTANT.fullmatch(text) is None:
        raise UsageError(
            f"{option} {printable(text[:80])}: "
            "expected a time with offset, such as 2026-01-31T12:00:00Z"
        )
    return text


def _put(data: dict[str, Any], key: str, value: Any) -> None:  # noqa: ANN401 - JSON
    *outer, last = key.split(".")
    place = data
    for step in outer:
        place = place.setdefault(step, {})
        if not isinstance(place, dict):
            raise UsageError(f"{key}: {step} was given as a value already")
    if last in place:
        raise UsageError(f"{key}: given twice")
    place[last] = value


def _json(key: str, text: str) -> Any:  # noqa: ANN401 - JSON
    try:
        return json.loads(text, object_pairs_hook=_once, parse_constant=_refuse, parse_int=_exact)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{key}: not JSON that the ledger takes ({error})") from error


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise ValueError("a field stands there twice")
    return fields


def _refuse(name: str) -> Any:  # noqa: ANN401 - the type of the hook
    raise ValueError(f"{name} is no number")


def _exact(digits: str) -> int:
    number = int(digits)
    if abs(number) > MAX_SAFE:
        raise ValueError("an integer outside ±(2^53-1); give it as a text")
    return number
