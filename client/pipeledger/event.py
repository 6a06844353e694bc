"""Events as CloudEvents 1.0 in JSON, made from what the command line and the CI job say."""

from __future__ import annotations

import json
import os
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from pipeledger.durable import write_new
from pipeledger.words import PREFIX, check_instant, versioned

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from pipeledger.ci import Job
    from pipeledger.words import Form

CONTENT_TYPE = "application/cloudevents+json"
CLIENT_ID = "client-id"
_VERSION = re.compile(r"\.v[0-9]+$")

# Which of the job's facts an event of a family takes. An incident that a job reports is not about
# the job's commit, but who reported it is known.
_ALL = ("commit", "repository", "run", "ref", "actor", "url")
_FAMILIES: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(
        ("artifact", "attestation", "release", "tests", "scan",
         "quality", "coverage", "deployment", "database", "commit", "ref", "policy", "admission"),
        _ALL,
    ),
    # Which try of its run it is; a deployment counts its own.
    **dict.fromkeys(("build", "pipeline", "task"), (*_ALL, "attempt")),
    **dict.fromkeys(("infrastructure", "config", "flag"), ("commit", "repository", "run", "actor",
                                                           "url")),
}  # fmt: skip
_OTHERS = ("run", "actor")


def new_id() -> str:
    """An id that nobody else has: 128 random bits."""
    return os.urandom(16).hex()


def now() -> str:
    """This instant as RFC 3339 in UTC."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def default_source(job: Job, state: Path) -> str:
    """Where events come from unless told: the job's repository, else this client by a random name.

    The random name is kept, so that it stays; it tells nothing of the host or the user.
    """
    repository = job.facts.get("repository")
    if isinstance(repository, str) and repository:
        return repository
    file = state / CLIENT_ID
    try:
        name = file.read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        name = new_id()
        try:
            write_new(file, name.encode())
        except FileExistsError:
            name = file.read_text(encoding="ascii").strip()
        except OSError:
            pass  # a folder that cannot be written: the name lasts as long as this run
    return f"urn:pipeledger:client:{name}"


def build_event(
    form: Form,
    given: Mapping[str, Any],
    job: Job,
    source: str,
    *,
    at: str | None = None,
    event_id: str | None = None,
    clock: Callable[[], str] = now,
) -> dict[str, Any]:
    """The event that the words make.

    Args:
        form: type, and what it sets.
        given: fields of the command line, which win over everything.
        job: the CI job, whose facts fill in what was not given.
        source: CloudEvents source.
        at: when it happened, or None for now.
        event_id: id, or None for a new one.
        clock: tells the time.

    Raises:
        UsageError: `at` is no time with offset.
    """
    family = form.type.split(".", 1)[0]
    wanted = _FAMILIES.get(family, _OTHERS)
    data: dict[str, Any] = {name: job.facts[name] for name in wanted if name in job.facts}
    data |= form.data
    data |= given
    if form.identity and form.identity not in data:
        data[form.identity] = f"{family[:3]}-{new_id()[:16]}"
    data.setdefault("time_basis", "caller")
    return {
        "specversion": "1.0",
        "id": event_id or new_id(),
        "source": source,
        "type": versioned(form.type),
        "time": clock() if at is None else check_instant(at),
        "data": data,
    }


def encode(event: Mapping[str, Any]) -> bytes:
    """The event on one line.

    Raises:
        ValueError: a lone surrogate, which no JSON text holds.
    """
    return json.dumps(event, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()


def short_type(name: object) -> str:
    """A type as people write it: without prefix and version."""
    return _VERSION.sub("", str(name).removeprefix(PREFIX))
