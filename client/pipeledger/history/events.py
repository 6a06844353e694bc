"""Events made of what a repository tells; ids are made of object ids, so twice is once."""

from __future__ import annotations

import re
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from pipeledger.names import MAX_NAME, named

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pipeledger.history.repository import Commit, Tag

MAX_TEXT = 65_536
MAX_PEOPLE = 1000
MAX_TRAILERS = 100
# As git-interpret-trailers has it: a token of letters, digits and hyphens, a colon, the value.
_TRAILER = re.compile(r"([A-Za-z0-9][A-Za-z0-9-]*):[ \t]+(\S.*)")
_PICKED = re.compile(r"\(cherry picked from commit ([0-9a-f]{40}|[0-9a-f]{64})\)")
_ADDRESSED = re.compile(r"(.*?)\s*<([^<>]*)>\s*")


def commit_event(
    commit: Commit, repository: str, source: str, service: str | None
) -> dict[str, Any]:
    """A commit as `commit.pushed`: it is in the repository; who pushed it, git does not know."""
    trailers = trailers_of(commit.message)
    picked = _PICKED.findall(commit.message)
    helpers = [value for name, value in trailers if name.lower() == "co-authored-by"]
    others = [(name, value) for name, value in trailers if name.lower() != "co-authored-by"]
    data: dict[str, Any] = {
        "repository": repository,
        "commit": commit.sha,
        "service": service,
        "parents": list(commit.parents),
        "authors": _people([commit.author]),
        "co_authors": _people(_addressed(one) for one in helpers[:MAX_PEOPLE]),
        "committer": _person(*commit.committer),
        "authored_at": commit.authored_at,
        "committed_at": commit.committed_at,
        "message": commit.message.rstrip("\n")[:MAX_TEXT],
        "patch_id": commit.patch_id or None,
        "cherry_picked_from": picked[-1] if picked else None,
        "trailers": _joined(others),
    }
    return _event(f"commit-{commit.sha}", source, "commit.pushed", commit.committed_at, data)


def deployment_event(
    tag: Tag, repository: str, source: str, service: str, environment: str
) -> dict[str, Any]:
    """A tag as the deployment that whoever imports says it stands for."""
    data = {
        "deployment": named(tag.name),
        "repository": repository,
        "commit": tag.commit,
        "service": service,
        "environment": environment,
        "release": named(tag.name),
        "outcome": "success",
        "ref": f"refs/tags/{tag.name}",
        "actor": _person(*tag.tagger),
        # A plain tag has no time of its own.
        "time_from": "tag" if tag.annotated else "commit",
    }
    # A tag may be moved: then it is another deployment.
    name = sha256(tag.name.encode("utf-8", "surrogatepass")).hexdigest()[:32]
    return _event(f"tag-{name}-{tag.commit}", source, "deployment.finished", tag.at, data)


def trailers_of(message: str) -> list[tuple[str, str]]:
    """The trailers of a message: the lines of its last paragraph, where all of them are some."""
    paragraphs = [part for part in re.split(r"\n[ \t]*\n", message.strip()) if part.strip()]
    if len(paragraphs) < 2:  # noqa: PLR2004 - a title alone has none
        return []
    found: list[tuple[str, str]] = []
    for line in paragraphs[-1].split("\n"):
        match = _TRAILER.fullmatch(line.rstrip())
        if match:
            found.append((match[1], match[2]))
        elif line[:1] in " \t" and found:
            found[-1] = (found[-1][0], f"{found[-1][1]} {line.strip()}")
        elif not _PICKED.fullmatch(line.strip()):
            return []
    return found


def _event(
    identity: str, source: str, kind: str, time: str, data: dict[str, Any]
) -> dict[str, Any]:  # fmt: skip
    return {
        "specversion": "1.0",
        "id": identity,
        "source": source,
        "type": f"pipeledger.{kind}.v1",
        "time": time,
        "pipeledgerimported": True,
        "data": {name: value for name, value in data.items() if value not in (None, [], {})}
        | {"time_basis": "source"},
    }


def _people(people: Iterable[tuple[str, str]]) -> list[dict[str, str]]:
    found = (_person(*one) for one in people)
    return [one for one in found if one is not None]


def _person(name: str, email: str) -> dict[str, str] | None:
    told = {"name": named(name), "email": named(email)}
    found = {key: value for key, value in told.items() if value}
    return {"system": "git", **found} if found else None


def _addressed(text: str) -> tuple[str, str]:
    match = _ADDRESSED.fullmatch(text)
    return (match[1], match[2]) if match else (text, "")


def _joined(trailers: list[tuple[str, str]]) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in trailers[:MAX_TRAILERS]:
        key = name[:MAX_NAME]
        found[key] = f"{found[key]}\n{value}"[:MAX_TEXT] if key in found else value[:MAX_TEXT]
    return found
