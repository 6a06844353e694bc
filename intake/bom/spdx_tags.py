"""SPDX 2 as tag-value text, read into the same structures as its JSON."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from domain.errors import RefusedError
from intake.bom.spdx import (
    Checksum,
    Document,
    File,
    Package,
    Reference,
    Relationship,
    reading_of,
)
from intake.report import Format, Reading

if TYPE_CHECKING:
    from collections.abc import Iterator

    from intake.shape import Shape

_FIRST: Final = re.compile(r"^SPDXVersion:\s*SPDX-\d", re.MULTILINE)
_TAG: Final = re.compile(r"([A-Za-z0-9]+):\s*(.*)")
_TEXT: Final = "<text>"
_END: Final = "</text>"
_PARTS: Final = 3
# What follows one of these is of something that is neither package nor file.
_OTHERS: Final = frozenset({"SnippetSPDXID", "LicenseID", "Reviewer", "Annotator"})


def claims(shape: Shape) -> bool:
    """The tag of the version, near the beginning."""
    return bool(_FIRST.search(shape.head))


def read(body: bytes) -> list[Reading]:
    """The reading of a file.

    Raises:
        RefusedError: no SPDX in tags and values; the line is named.
        TooLargeError: a limit was passed.
    """
    tags = _Tags()
    for number, tag, value in _tags(body.decode()):
        tags.hear(number, tag, value)
    return [reading_of(tags.document)]


def _tags(text: str) -> Iterator[tuple[int, str, str]]:
    """Line, tag and value; a value in `<text>` goes on over lines, and its text is left out."""
    in_text = False
    for number, line in enumerate(text.split("\n"), 1):
        if in_text:
            in_text = _END not in line
            continue
        line = line.strip()  # noqa: PLW2901 - the end of a line is told in two ways
        if not line or line.startswith("#"):
            continue
        found = _TAG.fullmatch(line)
        if found is None:
            raise RefusedError(f"line {number}", "expected a tag and a value")
        if found[2].startswith(_TEXT):
            in_text = _END not in found[2]
            yield number, found[1], ""
        else:
            yield number, found[1], found[2].strip()


class _Tags:
    """Hears tags and fills the structures."""

    def __init__(self) -> None:
        self.packages: list[Package] = []
        self.files: list[File] = []
        self.relationships: list[Relationship] = []
        self.document = Document(
            packages=self.packages, files=self.files, relationships=self.relationships
        )
        self.document.creation.creators = []
        self._package: Package | None = None
        self._in_head = True

    def hear(self, number: int, tag: str, value: str) -> None:
        """One tag more; those that are not read are passed over."""
        if tag == "PackageName":
            self._package, self._in_head = Package(name=value, checksums=[], references=[]), False
            self.packages.append(self._package)
        elif tag == "FileName":
            self._package, self._in_head = None, False
            self.files.append(File())
        elif tag in _OTHERS:
            self._package, self._in_head = None, False
        elif tag == "Relationship":
            self._relate(number, value)
        elif self._in_head:
            self._describe(tag, value)
        elif self._package is not None:
            _pack(self._package, tag, value)

    def _describe(self, tag: str, value: str) -> None:
        creation = self.document.creation
        if tag == "SPDXVersion":
            self.document.version = value
        elif tag == "DocumentName":
            self.document.name = value
        elif tag == "DocumentNamespace":
            self.document.namespace = value
        elif tag == "Created":
            creation.created = value
        elif tag == "Creator" and creation.creators is not None:
            creation.creators.append(value)

    def _relate(self, number: int, value: str) -> None:
        parts = value.split()
        if len(parts) != _PARTS:
            raise RefusedError(f"line {number}", "expected an element, what it is, and another")
        self.relationships.append(Relationship(element=parts[0], type=parts[1], related=parts[2]))


def _pack(package: Package, tag: str, value: str) -> None:
    """One tag of a package."""
    if tag == "SPDXID":
        package.id = value
    elif tag == "PackageVersion":
        package.version = value
    elif tag == "PackageDownloadLocation":
        package.download = value
    elif tag == "PrimaryPackagePurpose":
        package.purpose = value
    elif tag == "PackageChecksum" and package.checksums is not None:
        algorithm, _, told = value.partition(":")
        package.checksums.append(Checksum(algorithm=algorithm.strip(), value=told.strip()))
    elif tag == "ExternalRef" and package.references is not None and (
        len(parts := value.split(maxsplit=2)) == _PARTS
    ):  # fmt: skip
        package.references.append(Reference(type=parts[1], locator=parts[2]))


FORMAT: Final = Format("spdx-tag-value", "SPDX 2 tag-value", "text/spdx", claims, read)
