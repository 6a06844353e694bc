"""SLSA provenance, v0.1, v0.2 and v1: who built what, of which source."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from intake.address import repository_of
from intake.ids import commit_of
from intake.in_toto.structure import ConfigSource, Metadata, Provenance, Resource
from intake.instant import Told, seconds_between, told_time
from intake.json_body import read_fields
from intake.number import count_of
from intake.person import person_of
from intake.rows import named

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_RUN: Final = re.compile(
    r"(https://[^/]+/[^/]+/[^/]+)/actions/runs/([0-9]+)(?:/attempts/([0-9]{1,9}))?"
)
_AT_COMMIT: Final = re.compile(r"(.+)/commit/([0-9a-f]{40}|[0-9a-f]{64})/?")
_HOSTS: Final = frozenset({"github.com", "gitlab.com", "bitbucket.org", "dev.azure.com"})
_SHA1: Final = 40
_GIVEN: Final = "inputs/result"
_STATED: Final = ("workflow", "configSource", "buildConfigSource", "source", "sourceToBuild")


@dataclass(frozen=True, slots=True)
class Source:
    """A place in a repository.

    Attributes:
        uri: as it stands there.
        repository: its address, or None where it has none for people.
        commit: or None where it is not told.
    """

    uri: str
    repository: str | None
    commit: str | None


@dataclass(frozen=True, slots=True)
class Built:
    """What provenance says of a build.

    Attributes:
        facts: fields of an event.
        started: when it began, or None.
        finished: when it ended, or None.
        place: the code host's address of the repository that the run belongs to, or None.
    """

    facts: dict[str, Any]
    started: Told | None
    finished: Told | None
    place: str | None

    @property
    def duration_s(self) -> float | None:
        """How long it took, in seconds."""
        return seconds_between(self.started, self.finished)


def built_of(predicate: bytes) -> Built:
    """What a predicate says.

    Raises:
        RefusedError: of another structure; the field is named.
    """
    told = read_fields(predicate, Provenance)
    run = told.run_details
    builder = (run.builder if run else None) or told.builder
    metadata = (run.metadata if run else None) or told.metadata or Metadata()
    environment = told.invocation.environment if told.invocation else None
    environment = environment if isinstance(environment, dict) else {}
    source = _source(told, metadata)
    repository = source.repository if source else None
    facts = {
        "builder": named(builder.id) if builder else None,
        "source_uri": named(source.uri) if source else None,
        "repository": repository,
        "commit": source.commit if source else None,
        "actor": person_of("github", login=_text(environment, "github_actor")),
    }
    return Built(
        facts=facts | _run(metadata, environment),
        started=told_time(metadata.started_on or metadata.build_started_on),
        finished=told_time(metadata.finished_on or metadata.build_finished_on),
        place=_place(metadata, environment, repository),
    )


def _run(metadata: Metadata, environment: Mapping[str, Any]) -> dict[str, Any]:
    """The run, by the name that the code host's own events have for it."""
    told = _invocation(metadata)
    found = _RUN.fullmatch(told or "")
    if found is not None:
        return {"run": found[2], "attempt": count_of(found[3]) or None, "url": told}
    if (number := _text(environment, "github_run_id")) is not None:
        attempt = count_of(_text(environment, "github_run_attempt"))
        return {"run": number, "attempt": attempt or None}
    return {"run": told}


def _place(
    metadata: Metadata, environment: Mapping[str, Any], repository: str | None
) -> str | None:
    found = _RUN.fullmatch(_invocation(metadata) or "")
    if found is not None:
        return found[1]
    return repository if _text(environment, "github_run_id") else None


def _invocation(metadata: Metadata) -> str | None:
    return named(
        metadata.invocation_id or metadata.build_invocation_id or metadata.build_invocation_id_upper
    )


def _source(told: Provenance, metadata: Metadata) -> Source | None:
    """The source: the one material that is a repository, else that of which the build says so."""
    definition = told.build_definition
    materials = (definition.resolved_dependencies if definition else told.materials) or []
    found = list(dict.fromkeys(_repositories(materials)))
    if len(found) > 1:
        # Tekton names so what a run was given, beside where its tasks come from.
        given = [one for one in materials if one.name == _GIVEN]
        found = list(dict.fromkeys(_repositories(given))) or found
    if len(found) == 1:
        return found[0]
    stated = _stated(told) or _checked_out(metadata)
    if stated is None:
        return None
    same = [one for one in found if one.repository == stated.repository]
    return same[0] if len(same) == 1 else stated


def _checked_out(metadata: Metadata) -> Source | None:
    """What lay in BuildKit's context, where it was a working copy."""
    for told in (metadata.buildkit, metadata.buildkit_v1):
        vcs = told.get("vcs") if isinstance(told, dict) else None
        if isinstance(vcs, dict) and (uri := _text(vcs, "source")) is not None:
            revision = _text(vcs, "revision")
            return _place_of(uri, {"gitCommit": revision} if revision else None, certain=True)
    return None


def _repositories(materials: list[Resource]) -> Iterator[Source]:
    for one in materials:
        source = _place_of(one.uri, one.digest)
        if source is not None and source.commit is not None:
            yield source


def _stated(told: Provenance) -> Source | None:
    """Where the build says that its description came from."""
    if told.invocation is not None and told.invocation.config_source is not None:
        config = told.invocation.config_source
        return _place_of(config.uri, config.digest)
    parameters = told.build_definition.external_parameters if told.build_definition else None
    for name in _STATED:
        value = parameters.get(name) if isinstance(parameters, dict) else None
        one = ConfigSource(uri=value) if isinstance(value, str) else None
        if isinstance(value, dict):
            digest = value.get("digest")
            one = ConfigSource(
                uri=_text(value, "uri") or _text(value, "repository"),
                digest={name: text for name, text in digest.items() if isinstance(text, str)}
                if isinstance(digest, dict)
                else None,
            )
        if one is not None and one.uri is not None:
            return _place_of(one.uri, one.digest, certain=True)
    return None


def _place_of(
    uri: str | None, digest: Mapping[str, str] | None, *, certain: bool = False
) -> Source | None:
    """The place in a repository that a URI is, or None where it is something else."""
    line = named(uri)
    if line is None or line.startswith("pkg:"):
        return None
    at = _AT_COMMIT.fullmatch(line)
    if at is not None:
        return Source(line, repository_of(at[1]), at[2])
    key, commit = _commit(digest or {})
    if not certain and not _is_git(line, key):
        return None
    return Source(line, _repository(line), commit)


def _commit(digest: Mapping[str, str]) -> tuple[str | None, str | None]:
    # Some builders call a commit a SHA-256: its length tells.
    for key in ("gitCommit", "sha1", "sha256"):
        text = digest.get(key)
        commit = commit_of(text)
        if commit is not None and (key != "sha256" or len(commit) == _SHA1):
            return key, commit
    return None, None


def _is_git(uri: str, key: str | None) -> bool:
    if key in ("gitCommit", "sha256") or uri.startswith(("git+", "git:", "git@", "ssh:")):
        return True
    address = uri.partition("#")[0]
    try:
        host = urlsplit(address).hostname
    except ValueError:
        return False
    return ".git" in address or host in _HOSTS


def _repository(uri: str) -> str | None:
    """The address of a repository, without scheme prefix, reference and suffix."""
    plain = uri.removeprefix("git+").partition("#")[0]
    start, slashes, rest = plain.partition("://")
    if slashes:
        host, slash, path = rest.partition("/")
        plain = f"{start}://{host}{slash}{path.partition('@')[0]}"
    return repository_of(plain)


def _text(values: Mapping[str, Any], name: str) -> str | None:
    value = values.get(name)
    return named(value) if isinstance(value, str) else None
