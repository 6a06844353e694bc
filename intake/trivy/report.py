"""Trivy's JSON reports; one `scan.finished` for each thing that was looked for.

Counts are of the elements of the lists, by Trivy's severity; of checks those that failed. What a
file does not show to have been looked for is not said to be clean.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from domain.errors import RefusedError
from intake.address import repository_of
from intake.ids import commit_of, digest_of
from intake.instant import told_time
from intake.json_body import read_fields
from intake.report import Format, Reading
from intake.rows import named
from intake.scan import Scan, differing
from intake.shape import shape_of
from intake.trivy.found import TOOL, Found
from intake.trivy.structure import Cluster, Metadata, Report, Result

if TYPE_CHECKING:
    from intake.shape import Members, Shape
    from intake.trivy.found import What

_IMAGE: Final = "container_image"
_REPORT: Final = frozenset({"ArtifactName", "ArtifactType", "Trivy"})
_CLUSTER: Final = frozenset({
    "SchemaVersion", "Resources", "Findings", "Vulnerabilities", "Misconfigurations",
})  # fmt: skip
_COUNTED: Final[dict[What, str]] = {
    "packages": "vulnerabilities by severity", "iac": "failed checks by severity",
    "secret": "secrets by severity", "license": "licences by severity",
}  # fmt: skip


def claims(shape: Shape) -> bool:
    """A report of an artifact or a cluster, or the array of results of versions before 0.20.

    Compliance reports have neither schema version nor artifact and are another format.
    """
    if shape.element is not None:
        return {"Target", "Vulnerabilities"} <= shape.element.keys()
    members = shape.members or {}
    return ("SchemaVersion" in members and bool(_REPORT & members.keys())) or _is_cluster(members)


def read(body: bytes) -> list[Reading]:
    """The readings of a file.

    Raises:
        RefusedError: no report of Trivy; the place is named.
        TooLargeError: a limit was passed.
    """
    shape = shape_of(body)
    found = Found()
    if shape.element is None and _is_cluster(shape.members or {}):
        cluster = read_fields(body, Cluster)
        common = _resources(cluster, found)
        # Packages of a cluster are those of the images that run there.
        report = Report(cluster.trivy, cluster.created_at, artifact_type=_IMAGE)
        return _readings(found, report, common)
    if shape.element is not None:
        report = Report(results=read_fields(body, list[Result]))
    else:
        report = read_fields(body, Report)
        if report.artifact_name is None and report.results is None:
            raise RefusedError("field ArtifactName", "neither an artifact nor results")
    for result in report.results or ():
        found.take(result)
    return _readings(found, report, _artifact(report))


def _is_cluster(members: Members) -> bool:
    return "ClusterName" in members and bool(_CLUSTER & members.keys())


def _resources(cluster: Cluster, found: Found) -> dict[str, Any]:
    errors = 0
    lists = (
        cluster.resources, cluster.findings, cluster.vulnerabilities, cluster.misconfigurations,
    )  # fmt: skip
    for one in (one for several in lists for one in several or ()):
        place = "/".join(filter(None, (one.namespace, one.kind, one.name)))
        errors += bool(one.error)
        for result in one.results or ():
            found.take(result, place)
    return {
        "target": named(cluster.cluster_name),
        "outcome": "error" if errors else "success",
        "errors": errors or None,
    }


def _artifact(report: Report) -> dict[str, Any]:
    metadata = report.metadata or Metadata()
    digest = _image_digest(report, metadata)
    branch = named(metadata.branch)
    return {
        "target": named(report.artifact_name),
        "artifact": {"digest": digest} if digest is not None else None,
        "image_id": digest_of(metadata.image_id),
        "repository": repository_of(metadata.repository) or repository_of(report.artifact_name),
        "commit": commit_of(metadata.commit),
        "ref": f"refs/heads/{branch}" if branch is not None else None,
    }


def _image_digest(report: Report, metadata: Metadata) -> str | None:
    """The digest that a registry knows the image by; its id is that of its configuration."""
    name = report.artifact_name or ""
    said = digest_of(name) or digest_of(metadata.reference)
    if said is not None:
        return said
    digests = {digest: one.partition("@")[0] for one in metadata.repo_digests or ()
               if (digest := digest_of(one)) is not None}  # fmt: skip
    head, _, last = name.rpartition("/")
    repository = f"{head}/{last.partition(':')[0]}".removeprefix("/")
    own = [digest for digest, place in digests.items() if place == repository]
    candidates = own or list(digests)
    return candidates[0] if len(candidates) == 1 else None


def _readings(found: Found, report: Report, common: dict[str, Any]) -> list[Reading]:
    told = told_time(report.created_at)
    version = report.trivy.version if report.trivy is not None else None
    common |= {"tool": TOOL, "tool_version": named(version)}
    if not found.scans:
        return [Scan().reading("nothing: there are no results", told, common)]
    readings = []
    for what, scan in found.scans.items():
        kind = _packages_of(report, found) if what == "packages" else what
        data = {**common, "kind": kind}
        if what == "iac":
            counted = {"failed": scan.total, "passed": found.passed, "excepted": found.excepted}
            data["passed"] = found.passed or None
            data["claimed"] = differing(counted, found.claimed)
        readings.append(scan.reading(_COUNTED[what], told, data))
    return readings


def _packages_of(report: Report, found: Found) -> str | None:
    image_id = report.metadata.image_id if report.metadata is not None else None
    if report.artifact_type:
        return "container" if report.artifact_type == _IMAGE else "sca"
    # Reports of older versions do not say what they are of; only images have layers.
    return "container" if image_id or found.in_image else None


FORMAT: Final = Format("trivy", "Trivy JSON", "application/json", claims, read)
