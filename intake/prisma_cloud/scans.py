"""Scans in JSON: of twistcli, of images and of repositories, and as the API lists them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from intake.address import repository_of
from intake.ids import digest_of
from intake.instant import told_time
from intake.json_body import read_all, read_fields
from intake.order import by_time
from intake.prisma_cloud.found import Found
from intake.prisma_cloud.structure import Listed, Report
from intake.report import Format, Reading
from intake.rows import named
from intake.shape import shape_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from intake.prisma_cloud.structure import Issue, Scanned
    from intake.shape import Members, Shape

_TOTALS: Final = frozenset({"vulnerabilityDistribution", "complianceDistribution"})


def claims(shape: Shape) -> bool:
    """Things with totals of vulnerabilities and of compliance."""
    return (
        _is_scanned(shape.first("results"))
        or _is_scanned(shape.object)
        or _is_scanned(shape.inner("entityInfo"))
    )


def _is_scanned(members: Members) -> bool:
    return members.keys() >= _TOTALS


def read(body: bytes) -> list[Reading]:
    """The readings of a file.

    Raises:
        RefusedError: nothing of Prisma Cloud; the place is named.
        TooLargeError: a limit was passed.
    """
    if "results" in (shape_of(body).members or {}):
        results = read_fields(body, Report).results
        return by_time(one for each in results for one in _readings(each, None, None))
    return by_time(one for each in read_all(body, Listed) for one in _listed(each))


def _listed(one: Listed) -> Iterator[Reading]:
    yield from _readings(one.entity or one, one.gate, one.time)


def _readings(one: Scanned, gate: bool | None, time: str | None) -> list[Reading]:  # noqa: FBT001 - as it is told
    repository = one.repository if isinstance(one.repository, str) else None
    name = _name(one)
    is_image = repository is None or name is not None
    found = Found(name if is_image else named(repository), image=is_image)
    for each in one.vulnerabilities or ():
        found.vulnerability(
            each.cve or _id(each), each.severity, each.package_name, each.package_version,
            each.status, each.package_path,
        )  # fmt: skip
    issues = one.compliances if one.compliances is not None else one.compliance_issues
    # Of a repository the totals are there also where nothing was looked at.
    found.checked = is_image and (issues is not None or one.compliance_distribution is not None)
    for each in issues or ():
        found.issue(_id(each) or each.title, each.severity)
    digest = _digest(one)
    data: dict[str, Any] = {
        "artifact": {"digest": digest} if digest is not None else None,
        "image_id": digest_of(one.id or one.stored_id),
        "repository": repository_of(repository),
        "analysis": named(str(one.scan_id)) if one.scan_id else None,
        "outcome": "error" if one.err else "success",
    }
    passed = {
        "vulnerabilities": one.vulnerability_passed,
        "compliance": one.compliance_passed,
        "scan": one.passed if one.passed is not None else gate,
    }
    told = told_time(one.scan_time) or told_time(time)
    totals = (one.vulnerability_distribution, one.compliance_distribution)
    return found.readings(told, data, passed, totals)


def _name(one: Scanned) -> str | None:
    if one.name:
        return named(one.name)
    tag = one.repo_tag
    if tag is None or not tag.repo:
        return None
    path = "/".join(filter(None, (tag.registry, tag.repo)))
    return named(f"{path}:{tag.tag}" if tag.tag else path)


def _digest(one: Scanned) -> str | None:
    """The digest that a registry knows the image by; its id is that of its configuration."""
    told = {digest for each in one.repo_digests or () if (digest := digest_of(each)) is not None}
    known = told.pop() if len(told) == 1 else None
    return digest_of(one.digest) or known or digest_of(one.name)


def _id(issue: Issue) -> str | None:
    return str(issue.id) if issue.id not in (None, "", 0) else None


FORMAT: Final = Format("prisma-cloud", "Prisma Cloud scan", "application/json", claims, read)
