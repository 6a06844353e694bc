"""SPDX 3.0 as JSON-LD: one graph of elements.

Components are the packages. What is described is the root element of the document, or of the bill
of materials that it names, where it is one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec
from msgspec import field

from domain.errors import RefusedError
from intake.bom.creators import tool_of
from intake.bom.inventory import Bom, Component, strongest
from intake.instant import told_time
from intake.json_body import read_fields
from intake.person import person_of
from intake.purl import purl_of
from intake.report import Format, Reading, fact
from intake.rows import Rows, named

if TYPE_CHECKING:
    from collections.abc import Iterable

    from intake.shape import Shape

_CONTEXT: Final = "spdx.org/rdf/3"
_PACKAGE: Final = "software_Package"
_FILE: Final = "software_File"
_STATES: Final = {
    "security_VexAffectedVulnAssessmentRelationship": "affected",
    "security_VexFixedVulnAssessmentRelationship": "fixed",
    "security_VexNotAffectedVulnAssessmentRelationship": "not_affected",
    "security_VexUnderInvestigationVulnAssessmentRelationship": "under_investigation",
}  # fmt: skip
_DEPENDS: Final = "dependsOn"


class _Hash(msgspec.Struct, rename="camel", gc=False):
    """A hash."""

    algorithm: str | None = None
    hash_value: str | None = None


class _Identifier(msgspec.Struct, rename="camel", gc=False):
    """A name that others know an element by."""

    external_identifier_type: str | None = None
    identifier: str | None = None


class _Element(msgspec.Struct, rename="camel", gc=False):
    """An element of any type, with the properties that are read of any."""

    type: str | None = None
    spdx_id: str | None = None
    blank: str | None = field(default=None, name="@id")
    name: str | None = None
    creation_info: Any = None
    spec_version: str | None = None
    created: str | None = None
    created_by: list[Any] | None = None
    created_using: list[Any] | None = None
    root_element: list[Any] | None = None
    version: str | None = field(default=None, name="software_packageVersion")
    purl: str | None = field(default=None, name="software_packageUrl")
    purpose: str | None = field(default=None, name="software_primaryPurpose")
    verified_using: list[_Hash] | None = None
    relationship_type: str | None = None
    from_: Any = field(default=None, name="from")
    to: list[Any] | None = None
    justification: str | None = field(default=None, name="security_justificationType")
    external_identifier: list[_Identifier] | None = None


class _Graph(msgspec.Struct, gc=False):
    """The file."""

    graph: list[_Element] = field(name="@graph")


class _Elements:
    """Elements by their ids."""

    def __init__(self, graph: list[_Element]) -> None:
        self.all = graph
        self._by_id = {name: one for one in graph if (name := one.spdx_id or one.blank) is not None}

    def of(self, *types: str) -> list[_Element]:
        """All of these types."""
        return [one for one in self.all if one.type in types]

    def named(self, references: Iterable[object] | None) -> list[_Element]:
        """Those that are referred to by id."""
        told = (self._by_id.get(one) for one in references or () if isinstance(one, str))
        return [one for one in told if one is not None]


def claims(shape: Shape) -> bool:
    """A graph in the context of SPDX 3."""
    return "@graph" in (shape.members or {}) and _CONTEXT in (shape.text("@context") or "")


def read(body: bytes) -> list[Reading]:
    """The readings of a file.

    Raises:
        RefusedError: no SPDX 3; the place is named.
        TooLargeError: a limit was passed.
    """
    elements = _Elements(read_fields(body, _Graph).graph)
    bom = _bom(elements)
    statements = elements.of(*_STATES)
    readings = [bom.reading()] if bom.components or not statements else []
    return [*readings, _stated(bom, elements, statements)] if statements else readings


def _bom(elements: _Elements) -> Bom:
    documents = elements.of("SpdxDocument")
    document = documents[0] if documents else _Element()
    creation = _creation(elements, document)
    if not (creation.spec_version or "").startswith("3."):
        raise RefusedError("field @graph", "expected CreationInfo with a specVersion of 3")
    tools = elements.named(creation.created_using)
    tool, version = tool_of(tools[0].name) if tools else (None, None)
    subject = _subject(elements, document)
    packages = elements.of(_PACKAGE)
    related = [one for one in elements.all if one.relationship_type is not None]
    return Bom(
        form="spdx",
        version=creation.spec_version,
        serial=document.spdx_id,
        title=document.name,
        told=told_time(creation.created),
        tool=tool,
        tool_version=version,
        actor=_actor(elements.named(creation.created_by)),
        subject=_component(subject) if subject is not None else None,
        components=[_component(one) for one in packages],
        dependencies=sum(one.relationship_type == _DEPENDS for one in related),
        counts={"packages": len(packages), "files": len(elements.of(_FILE)),
                "relationships": len(related)},
    )  # fmt: skip


def _creation(elements: _Elements, document: _Element) -> _Element:
    """Of the document; within it, or elsewhere in the graph."""
    told = document.creation_info
    if isinstance(told, dict):
        try:
            return msgspec.convert(told, _Element)
        except msgspec.ValidationError:
            raise RefusedError("field @graph", "expected creationInfo of SPDX 3") from None
    found = elements.named([told]) or elements.of("CreationInfo")
    return found[0] if found else _Element()


def _actor(agents: list[_Element]) -> dict[str, Any] | None:
    """The person who wrote it, where it was one; organisations and programs are none."""
    persons = [one for one in agents if one.type == "Person"]
    if len(persons) != 1:
        return None
    told = persons[0].external_identifier or ()
    emails = [one.identifier for one in told if one.external_identifier_type == "email"]
    return person_of("spdx", name=persons[0].name, email=emails[0] if emails else None)


def _subject(elements: _Elements, document: _Element) -> _Element | None:
    """The one package or file that is the root of all."""
    roots = elements.named(document.root_element)
    if len(roots) == 1 and roots[0].type in ("software_Sbom", "Bom", "Bundle"):
        roots = elements.named(roots[0].root_element)
    alone = len(roots) == 1 and roots[0].type in (_PACKAGE, _FILE)
    return roots[0] if alone else None


def _component(one: _Element) -> Component:
    return Component(
        name=one.name,
        kind=one.purpose,
        version=one.version,
        purl=one.purl,
        digest=strongest((item.algorithm, item.hash_value) for item in one.verified_using or ()),
    )


def _stated(bom: Bom, elements: _Elements, statements: list[_Element]) -> Reading:
    """Statements on exploitability, counted by state."""
    rows = Rows("statements")
    counts: dict[str, int] = {}
    for one in statements:
        state = _STATES[one.type or ""]
        counts[state] = counts.get(state, 0) + 1
        affected = [purl_of(item.purl) or named(item.name) for item in elements.named(one.to)]
        rows.add({
            "vulnerability": next((_known(item) for item in elements.named([one.from_])), None),
            "state": state, "justification": named(one.justification),
            "affects": [name for name in affected if name is not None] or None,
        })  # fmt: skip
    document = rows.document()
    data = bom.common() | {
        "kind": "vex", "counts": dict(sorted(counts.items())),
        "statements": document.digest if document else None,
    }  # fmt: skip
    return fact("artifact.described", bom.told, data, documents=(document,))


def _known(vulnerability: _Element) -> str | None:
    """Its CVE, else its name."""
    told = vulnerability.external_identifier or ()
    cves = [one.identifier for one in told if one.external_identifier_type == "cve"]
    return named(cves[0] if cves else vulnerability.name)


FORMAT: Final = Format("spdx3", "SPDX 3 JSON-LD", "application/ld+json", claims, read)
