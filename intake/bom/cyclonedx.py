"""CycloneDX 1.0 to 1.7, as JSON or XML: a bill of materials, and what is said of vulnerabilities.

A file with components becomes `artifact.described` of kind `sbom`. Vulnerabilities with an analysis
are statements on exploitability: `artifact.described` of kind `vex`. A list of vulnerabilities
without any is what a scanner found: `scan.finished`.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, Final

from domain.errors import RefusedError
from intake.address import repository_of
from intake.bom import cyclonedx_xml
from intake.bom.cyclonedx_structure import Author, Bill, Component, Tool, Tools
from intake.bom.inventory import Bom, strongest
from intake.bom.inventory import Component as Described
from intake.bom.vulnerabilities import scanned, stated
from intake.ids import commit_of
from intake.instant import told_time
from intake.json_body import read_fields
from intake.person import person_of
from intake.report import Format, Reading

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from intake.shape import Shape

_IMAGE: Final = "container"


def claims(shape: Shape) -> bool:
    """`bomFormat`."""
    return shape.members is not None and shape.text("bomFormat") == "CycloneDX"


def claims_xml(shape: Shape) -> bool:
    """`bom` in CycloneDX's namespace."""
    namespace = shape.attributes.get("xmlns", "")
    return shape.root == "bom" and namespace.startswith(cyclonedx_xml.NAMESPACE)


def read(body: bytes) -> list[Reading]:
    """The readings of a JSON file.

    Raises:
        RefusedError: no CycloneDX; the place is named.
        TooLargeError: a limit was passed.
    """
    bill = read_fields(body, Bill)
    if bill.form != "CycloneDX":
        raise RefusedError("field bomFormat", "expected CycloneDX")
    return _readings(bill)


def read_xml(body: bytes) -> list[Reading]:
    """The readings of an XML file.

    Raises:
        RefusedError: no CycloneDX; the place is named.
        TooLargeError: a limit was passed.
    """
    return _readings(cyclonedx_xml.read_bill(body))


def _readings(bill: Bill) -> list[Reading]:
    bom = _bom(bill)
    found = []
    vulnerabilities = bill.vulnerabilities or []
    if bom.components or not vulnerabilities:
        found.append(bom.reading())
    if any(one.analysis is not None and one.analysis.state for one in vulnerabilities):
        found.append(stated(bom, vulnerabilities))
    elif vulnerabilities:
        is_image = bom.subject is not None and bom.subject.kind == _IMAGE
        found.append(scanned(bom, vulnerabilities, is_image=is_image))
    return found


def _bom(bill: Bill) -> Bom:
    metadata = bill.metadata
    tool = _tool(metadata.tools)
    subject = metadata.component
    components = [_described(one) for one in _all(bill.components)]
    return Bom(
        form="cyclonedx",
        version=bill.version,
        serial=bill.serial,
        told=told_time(metadata.timestamp),
        tool=tool.name if tool is not None else None,
        tool_version=tool.version if tool is not None else None,
        actor=_actor(metadata.authors),
        subject=_described(subject) if subject is not None else None,
        repository=_repository(subject),
        commit=_commit(subject),
        components=components,
        dependencies=len(bill.dependencies) if bill.dependencies is not None else None,
        counts=dict(sorted(Counter(one.kind or "unknown" for one in components).items())),
    )


def _all(components: Iterable[Component] | None) -> Iterator[Component]:
    """Components, and those they are put together of."""
    for one in components or ():
        yield one
        yield from _all(one.components)


def _described(one: Component) -> Described:
    return Described(
        name=f"{one.group}/{one.name}" if one.group and one.name else one.name,
        kind=one.type,
        version=one.version,
        purl=one.purl,
        digest=strongest((item.alg, item.content) for item in one.hashes or ()),
    )


def _tool(tools: list[Tool] | Tools | None) -> Tool | None:
    """The first; up to 1.4 they are a list, from 1.5 components and services."""
    if isinstance(tools, Tools):
        tools = [*(tools.components or ()), *(tools.services or ())]
    return next((one for one in tools or () if one.name), None)


def _actor(authors: list[Author] | None) -> dict[str, Any] | None:
    """The person who wrote it, where it was one; tools put organisations there without address."""
    if authors is None or len(authors) != 1 or not authors[0].email:
        return None
    return person_of("cyclonedx", name=authors[0].name, email=authors[0].email)


def _repository(subject: Component | None) -> str | None:
    told = subject.references or () if subject is not None else ()
    addresses = {
        repository_of((one.url or "").removeprefix("git+")) for one in told if one.type == "vcs"
    }
    return addresses.pop() if len(addresses) == 1 else None


def _commit(subject: Component | None) -> str | None:
    pedigree = subject.pedigree if subject is not None else None
    commits = {commit_of(one.uid) for one in (pedigree.commits or () if pedigree else ())}
    return commits.pop() if len(commits) == 1 else None


JSON: Final = Format(
    "cyclonedx", "CycloneDX JSON", "application/vnd.cyclonedx+json", claims, read
)  # fmt: skip
XML: Final = Format(
    "cyclonedx-xml", "CycloneDX XML", "application/vnd.cyclonedx+xml", claims_xml, read_xml
)  # fmt: skip
