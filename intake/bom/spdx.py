"""SPDX 2.2 and 2.3 as JSON (ISO/IEC 5962); GitHub's dependency graph wraps it into `sbom`.

Components are the packages. What is described is the package that the document names, where it is
one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec
from msgspec import field

from domain.errors import RefusedError
from intake.address import repository_of
from intake.bom.creators import read_creators
from intake.bom.inventory import Bom, Component, strongest
from intake.ids import commit_of
from intake.instant import told_time
from intake.json_body import read_fields
from intake.report import Format, Reading
from intake.shape import shape_of

if TYPE_CHECKING:
    from intake.shape import Shape

DOCUMENT: Final = "SPDXRef-DOCUMENT"
UNKNOWN: Final = frozenset({"NOASSERTION", "NONE"})
PREFIX: Final = "SPDX-"
_GIT: Final = "git+"
_DESCRIBES: Final = "DESCRIBES"
_DESCRIBED: Final = "DESCRIBED_BY"
_DEPENDS: Final = "DEPENDS_ON"
_DEPENDED: Final = "DEPENDENCY_OF"


class Checksum(msgspec.Struct, gc=False):
    """A hash."""

    algorithm: str | None = None
    value: str | None = field(default=None, name="checksumValue")


class Reference(msgspec.Struct, gc=False):
    """Where else something of a package is."""

    type: str | None = field(default=None, name="referenceType")
    locator: str | None = field(default=None, name="referenceLocator")


class Package(msgspec.Struct, gc=False):
    """A package; supplier and originator may be persons, and are not read."""

    id: str | None = field(default=None, name="SPDXID")
    name: str | None = None
    version: str | None = field(default=None, name="versionInfo")
    purpose: str | None = field(default=None, name="primaryPackagePurpose")
    download: str | None = field(default=None, name="downloadLocation")
    checksums: list[Checksum] | None = None
    references: list[Reference] | None = field(default=None, name="externalRefs")


class File(msgspec.Struct, gc=False):
    """A file; counted alone."""


class Relationship(msgspec.Struct, gc=False):
    """What one element is to another."""

    element: str | None = field(default=None, name="spdxElementId")
    type: str | None = field(default=None, name="relationshipType")
    related: str | None = field(default=None, name="relatedSpdxElement")


class Creation(msgspec.Struct, gc=False):
    """When and by whom it was written."""

    created: str | None = None
    creators: list[str] | None = None


class Document(msgspec.Struct, gc=False):
    """The file."""

    version: str | None = field(default=None, name="spdxVersion")
    name: str | None = None
    namespace: str | None = field(default=None, name="documentNamespace")
    creation: Creation = field(default_factory=Creation, name="creationInfo")
    describes: list[str] | None = field(default=None, name="documentDescribes")
    packages: list[Package] | None = None
    files: list[File] | None = None
    relationships: list[Relationship] | None = None


class _Wrapped(msgspec.Struct, gc=False):
    """The answer of GitHub's dependency graph."""

    sbom: Document


def claims(shape: Shape) -> bool:
    """`spdxVersion`, at the top or in `sbom`."""
    if shape.members is None:
        return False
    told = (shape.text("spdxVersion") or "").startswith(PREFIX)
    return told or "spdxVersion" in shape.inner("sbom")


def read(body: bytes) -> list[Reading]:
    """The reading of a file.

    Raises:
        RefusedError: no SPDX 2; the place is named.
        TooLargeError: a limit was passed.
    """
    if "sbom" in (shape_of(body).members or {}):
        document = read_fields(body, _Wrapped).sbom
    else:
        document = read_fields(body, Document)
    return [reading_of(document)]


def reading_of(document: Document) -> Reading:
    """The reading of a document, in whichever form it was written.

    Raises:
        RefusedError: it names no version 2.
        TooLargeError: too many packages.
    """
    if not (document.version or "").startswith(PREFIX):
        raise RefusedError("field spdxVersion", "expected a version as SPDX-2.3")
    packages = document.packages or []
    relationships = document.relationships or []
    subject = _subject(document, packages, relationships)
    bom = Bom(
        form="spdx",
        version=(document.version or "").removeprefix(PREFIX),
        serial=document.namespace,
        title=document.name,
        told=told_time(document.creation.created),
        subject=_component(subject) if subject is not None else None,
        repository=_repository(subject),
        commit=_commit(subject),
        components=[_component(one) for one in packages],
        dependencies=sum(_is_dependency(one.type) for one in relationships),
        counts={"packages": len(packages), "files": len(document.files or ()),
                "relationships": len(relationships)},
        **read_creators(document.creation.creators or ()),
    )  # fmt: skip
    return bom.reading()


def _subject(
    document: Document, packages: list[Package], relationships: list[Relationship]
) -> Package | None:
    """The package that the document describes, if it is one."""
    described = set(document.describes or ())
    for one in relationships:
        if one.type == _DESCRIBES and one.element == DOCUMENT:
            described.add(one.related or "")
        elif one.type == _DESCRIBED and one.related == DOCUMENT:
            described.add(one.element or "")
    found = [one for one in packages if one.id in described]
    return found[0] if len(found) == 1 and len(described) == 1 else None


def _component(one: Package) -> Component:
    purls = [item.locator for item in one.references or () if item.type == "purl"]
    return Component(
        name=one.name,
        kind=one.purpose,
        version=None if one.version in UNKNOWN else one.version,
        purl=purls[0] if purls else None,
        digest=strongest((item.algorithm, item.value) for item in one.checksums or ()),
    )


def _repository(subject: Package | None) -> str | None:
    """A download location in version control says so (SPDX 2.3 section 7.7)."""
    place = (subject.download or "") if subject is not None else ""
    if not place.startswith(_GIT):
        return None
    address, _, _ = place.removeprefix(_GIT).partition("#")
    scheme, _, rest = address.partition("://")
    # Behind the path may stand `@` and a revision; before the host a user.
    host, _, path = rest.partition("/")
    return repository_of(f"{scheme}://{host}/{path.partition('@')[0]}")


def _commit(subject: Package | None) -> str | None:
    """The revision of that location, where it is a commit."""
    place = (subject.download or "") if subject is not None else ""
    address, _, _ = place.partition("#")
    return commit_of(address.rpartition("@")[2]) if place.startswith(_GIT) else None


def _is_dependency(kind: str | None) -> bool:
    return kind == _DEPENDS or (kind or "").endswith(_DEPENDED)


FORMAT: Final = Format("spdx", "SPDX 2 JSON", "application/spdx+json", claims, read)
