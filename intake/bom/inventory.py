"""What the formats of bills of materials share: one `artifact.described` of kind `sbom`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from intake.ids import digest_of
from intake.purl import purl_digest, purl_of
from intake.report import Reading, fact
from intake.rows import Rows, named

if TYPE_CHECKING:
    from collections.abc import Iterable

    from intake.instant import Told

_PREFERRED: Final = ("sha256", "sha512", "sha384")


@dataclass(frozen=True, slots=True, kw_only=True)
class Component:
    """One component, or what the whole is about.

    Attributes:
        name: with its group or namespace.
        kind: in the format's own word (`library`, `CONTAINER`).
        version: its version; of images often their digest.
        purl: package URL.
        digest: SHA-2 of its bytes, where the file has one.
    """

    name: str | None
    kind: str | None = None
    version: str | None = None
    purl: str | None = None
    digest: str | None = None

    def found_digest(self) -> str | None:
        """The digest of its bytes: as told, else as the version or the package URL names it."""
        return self.digest or digest_of(self.version) or purl_digest(self.purl)

    def row(self) -> dict[str, object]:
        """Its row in the document `components`."""
        return {
            "name": named(self.name), "type": named(self.kind), "version": named(self.version),
            "purl": purl_of(self.purl), "digest": self.digest,
        }  # fmt: skip


@dataclass(slots=True, kw_only=True)
class Bom:
    """What a file tells.

    Attributes:
        form: the format's name.
        version: of the format.
        serial: the document's own id.
        title: the document's name.
        told: when it was written.
        tool: that wrote it.
        tool_version: its version.
        actor: the person who wrote it, if it was one.
        subject: what it is about, if it is one thing.
        repository: of the source of that.
        commit: of the source of that.
        components: each of them.
        dependencies: how many dependencies are told.
        counts: of elements by kind.
    """

    form: str
    version: str | None = None
    serial: str | None = None
    title: str | None = None
    told: Told | None = None
    tool: str | None = None
    tool_version: str | None = None
    actor: dict[str, Any] | None = None
    subject: Component | None = None
    repository: str | None = None
    commit: str | None = None
    components: list[Component] = field(default_factory=list)
    dependencies: int | None = None
    counts: dict[str, int] = field(default_factory=dict)

    def common(self) -> dict[str, Any]:
        """The fields that every fact of the file has."""
        return {
            "format": self.form,
            "format_version": named(self.version),
            "serial": named(self.serial),
            "document_name": named(self.title),
            "tool": named(self.tool),
            "tool_version": named(self.tool_version),
            "actor": self.actor,
            "repository": self.repository,
            "commit": self.commit,
            **subject_of(self.subject),
        }

    def reading(self) -> Reading:
        """The fact that the artifact was described.

        Raises:
            TooLargeError: too many components.
        """
        rows = Rows("components")
        for one in self.components:
            rows.add(one.row())
        document = rows.document()
        data = self.common() | {
            "kind": "sbom",
            "components": len(self.components),
            "dependencies": self.dependencies,
            "counts": self.counts or None,
            "inventory": document.digest if document else None,
        }
        return fact("artifact.described", self.told, data, documents=(document,))


def subject_of(subject: Component | None) -> dict[str, Any]:
    """Artifact, target and release of what a document is about."""
    if subject is None:
        return {}
    name, version = named(subject.name), named(subject.version)
    digest = subject.found_digest()
    purl = purl_of(subject.purl)
    artifact = {"digest": digest, "purl": purl, "name": name}
    is_digest = digest_of(version) is not None
    return {
        # Without a digest it would stand in the way of one that the sender knows.
        "artifact": {key: value for key, value in artifact.items() if value is not None}
        if digest is not None
        else None,
        "purl": purl,
        "target": f"{name}@{version}" if name and version else name,
        "release": None if is_digest else version,
    }


def strongest(hashes: Iterable[tuple[str | None, str | None]]) -> str | None:
    """The digest among hashes, each with its algorithm (`SHA-256`, `SHA256`, `sha256`)."""
    found = {}
    for algorithm, value in hashes:
        name = (algorithm or "").replace("-", "").replace("_", "").lower()
        if (digest := digest_of(f"{name}:{value}")) is not None:
            found[name] = digest
    return next((found[name] for name in _PREFERRED if name in found), None)
