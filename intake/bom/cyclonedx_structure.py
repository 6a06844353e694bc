"""The fields of CycloneDX that are read; everything else in a file is skipped."""

from __future__ import annotations

import msgspec
from msgspec import field


class _Object(msgspec.Struct, gc=False):
    """An object of CycloneDX; any field may be missing."""


class Hash(_Object):
    """A hash of a component."""

    alg: str | None = None
    content: str | None = None


class Reference(_Object):
    """Where else something of a component is."""

    type: str | None = None
    url: str | None = None


class Commit(_Object):
    """A commit that a component was made of."""

    uid: str | None = None


class Pedigree(_Object):
    """Where a component comes from."""

    commits: list[Commit] | None = None


class Component(_Object):
    """A component; its authors and publishers are persons, and not read."""

    type: str | None = None
    group: str | None = None
    name: str | None = None
    version: str | None = None
    purl: str | None = None
    hashes: list[Hash] | None = None
    references: list[Reference] | None = field(default=None, name="externalReferences")
    pedigree: Pedigree | None = None
    components: list[Component] | None = None


class Tool(_Object):
    """What wrote the file."""

    name: str | None = None
    version: str | None = None


class Tools(_Object):
    """The same from 1.5."""

    components: list[Tool] | None = None
    services: list[Tool] | None = None


class Author(_Object):
    """Who wrote the file."""

    name: str | None = None
    email: str | None = None


class Metadata(_Object):
    """Of the file."""

    timestamp: str | None = None
    tools: list[Tool] | Tools | None = None
    authors: list[Author] | None = None
    component: Component | None = None


class Dependency(_Object):
    """What a component depends on; counted alone."""


class Origin(_Object):
    """Who told of a vulnerability."""

    name: str | None = None


class Rating(_Object):
    """How bad somebody finds it."""

    source: Origin | None = None
    severity: str | None = None
    score: str | float | None = None


class Analysis(_Object):
    """What was found out about it; the explanation is free text, and not read."""

    state: str | None = None
    justification: str | None = None
    response: list[str] | None = None


class Affected(_Object):
    """What it affects: a component of this file or of another."""

    ref: str | None = None


class Vulnerability(_Object):
    """A vulnerability."""

    id: str | None = None
    source: Origin | None = None
    ratings: list[Rating] | None = None
    analysis: Analysis | None = None
    affects: list[Affected] | None = None


class Bill(_Object):
    """The file."""

    form: str | None = field(default=None, name="bomFormat")
    version: str | None = field(default=None, name="specVersion")
    serial: str | None = field(default=None, name="serialNumber")
    metadata: Metadata = field(default_factory=Metadata)
    components: list[Component] | None = None
    dependencies: list[Dependency] | None = None
    vulnerabilities: list[Vulnerability] | None = None
