"""Makes events of what a command line says."""

from __future__ import annotations

import json
import re
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from pipeledger.ci import detect
from pipeledger.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

SHORT = {
    "deployment": ("deployment.finished", {}),
    "rollback": ("deployment.finished", {"kind": "rollback"}),
    "hotfix": ("deployment.finished", {"kind": "hotfix"}),
    "failover": ("failover.finished", {}),
    "approval": ("approval.reported", {}),
    "incident": ("incident.opened", {}),
    "tests": ("tests.finished", {}),
    "scan": ("scan.finished", {}),
    "build": ("build.finished", {}),
}
"""Short forms of `emit`: the type, and data it implies."""

_TYPE = re.compile(r"(?:pipeledger\.)?([a-z]+(?:\.[a-z]+)+)(?:\.v([0-9]+))?")
_FIELD = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")


def parse_type(word: str) -> tuple[str, dict[str, Any]]:
    """The CloudEvents type of a word on the command line, and data it implies.

    Raises:
        ConfigurationError: no type.
    """
    name, implied = SHORT.get(word, (word, {}))
    match = _TYPE.fullmatch(name)
    if match is None:
        raise ConfigurationError(
            f"no event type: {word!r}; expected one such as deployment.finished, or "
            f"{', '.join(sorted(SHORT))}"
        )
    return f"pipeledger.{match[1]}.v{match[2] or 1}", dict(implied)


def parse_fields(words: Sequence[str]) -> dict[str, Any]:
    """Data of `key=value` and `key:=json` words; `a.b=c` makes objects.

    Raises:
        ConfigurationError: a word is neither.
    """
    data: dict[str, Any] = {}
    for word in words:
        name, sign, text = word.partition("=")
        literal = name.endswith(":")
        name = name.removesuffix(":")
        if not sign or _FIELD.fullmatch(name) is None:
            raise ConfigurationError(f"expected key=value or key:=json, not {name[:40]!r}")
        value: Any = text
        if literal:
            try:
                value = json.loads(text)
            except ValueError:
                raise ConfigurationError(f"{name}: what follows := is no JSON") from None
        *parents, last = name.split(".")
        holder = data
        for parent in parents:
            inner = holder.setdefault(parent, {})
            if not isinstance(inner, dict):
                raise ConfigurationError(f"{name}: {parent} is no object")
            holder = inner
        holder[last] = value
    return data


def make_event(
    kind: str,
    data: dict[str, Any],
    *,
    time: str,
    source: str | None,
    environment: Mapping[str, str],
    entropy: Callable[[int], bytes],
) -> bytes:
    """A CloudEvents object as JSON; fields of the CI job fill what was not given.

    Args:
        kind: CloudEvents type.
        data: what the caller said.
        time: RFC 3339 with offset.
        source: as given, or None for the job's.
        environment: variables of the process.
        entropy: random bytes, for the id.
    """
    found = detect(environment)
    filled = {**found[1], **data} if found else data
    event = {
        "specversion": "1.0",
        "id": entropy(16).hex(),
        "source": source or _source(filled, environment),
        "type": kind,
        "time": time,
        "data": filled,
    }
    return json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode()


def _source(data: Mapping[str, Any], environment: Mapping[str, str]) -> str:
    repository = data.get("repository")
    if isinstance(repository, str) and repository and " " not in repository:
        return repository
    # Neither host nor user name in clear: a digest tells machines apart as well.
    seed = "\0".join(environment.get(name, "") for name in ("HOSTNAME", "COMPUTERNAME", "USER"))
    return f"urn:pipeledger:client:{sha256(seed.encode()).hexdigest()[:16]}"
