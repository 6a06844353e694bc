"""One revision of a release as a deployment, by Helm's own words."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from intake.instant import told_time
from intake.number import count_of
from intake.report import fact
from intake.rows import named

if TYPE_CHECKING:
    from collections.abc import Mapping

    from intake.report import Reading

_DEPLOYED: Final = frozenset({"deployed", "superseded"})
_PENDING: Final = {
    "pending-install": "planned", "pending-upgrade": "planned", "pending-rollback": "rollback",
}  # fmt: skip
# Version 2 called it deleting.
_GONE: Final = frozenset({"uninstalled", "uninstalling", "deleted", "deleting"})
_ROLLBACK: Final = re.compile(r"Rollback to ([0-9]{1,9})")
_FAILED: Final = re.compile(r'(Install|Upgrade|Rollback|Release) "[^"]*" failed\b')
_WORDS: Final = {
    "Install complete": "planned", "Initial install underway": "planned",
    "Upgrade complete": "planned", "Preparing upgrade": "planned",
}  # fmt: skip
_BY_FAILURE: Final = {"Install": "planned", "Upgrade": "planned", "Rollback": "rollback"}
_REHEARSAL: Final = "Dry run complete"
_CHART: Final = re.compile(r"(.+?)-(v?[0-9]+\.[0-9]+\.[0-9]+(?:[-+].*)?)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """A revision, however Helm was asked for it.

    Attributes:
        number: from 1.
        status: in Helm's word, any case.
        at: when it was begun, as it stands there; Helm does not say when it ended.
        gone_at: when the release was uninstalled.
        description: Helm's, or whoever deployed it gave another.
        name: of the release; `helm history` does not tell it.
        namespace: likewise.
        chart: its name.
        chart_version: its version.
        app_version: version of what the chart deploys.
    """

    number: int
    status: str
    at: str | None = None
    gone_at: str | None = None
    description: str | None = None
    name: str | None = None
    namespace: str | None = None
    chart: str | None = None
    chart_version: str | None = None
    app_version: str | None = None

    @property
    def identity(self) -> str | None:
        """Of the deployment: a release that was removed begins again with revision 1."""
        told = told_time(self.at)
        stem = f"{self.namespace or ''}/{self.name}".lstrip("/") if self.name else self.chart or ""
        # A list prints in full what a status writes as Z.
        begun = f"@{told.time.replace('+00:00', 'Z')}" if told else ""
        return named(f"{stem}.v{self.number}{begun}")

    @property
    def restored(self) -> int | None:
        """The revision that this one is a copy of."""
        match = _ROLLBACK.fullmatch(self.description or "")
        return count_of(match[1]) if match else None


def chart_of(text: str | None) -> tuple[str | None, str | None]:
    """Name and version of a chart, which Helm joins by a hyphen; versions are semantic."""
    match = _CHART.fullmatch(named(text) or "")
    return (match[1], match[2]) if match else (named(text), None)


def reading_of(revision: Revision, before: Mapping[int, Revision]) -> list[Reading]:
    """What a revision tells.

    Args:
        revision: as Helm says it.
        before: earlier revisions of the same release, by their numbers, as far as they are told.
    """
    status = revision.status.lower()
    if revision.description == _REHEARSAL:
        return []
    data = _common(revision) | _kind(revision, status, before)
    told = told_time(revision.at)
    if status in _GONE:
        del data["kind"]
        # When it was deployed is not when it went.
        return [fact("deployment.progressed", told_time(revision.gone_at), data, kind=status)]
    if status in _PENDING:
        return [fact("deployment.started", told, data, kind=status)]
    if status not in _DEPLOYED and status != "failed":
        return []
    # A failed revision that was rolled back is superseded like any other.
    failed = status == "failed" or _FAILED.match(revision.description or "")
    data["outcome"] = "failure" if failed else "success"
    return [fact("deployment.finished", told, data, kind=status)]


def _common(revision: Revision) -> dict[str, Any]:
    name, chart = named(revision.name), named(revision.chart)
    version = named(revision.chart_version)
    purl = (
        f"pkg:helm/{quote(chart, safe='')}@{quote(version, safe='')}" if chart and version else None
    )
    place = named(revision.namespace)
    artifact = {"name": chart, "purl": purl}
    return {
        "tool": "Helm",
        "deployment": revision.identity,
        "service": name or chart,
        "service_basis": "release" if name else ("chart" if chart else None),
        "environment": place,
        "environment_basis": "namespace" if place else None,
        "release": named(revision.app_version),
        "artifacts": [{key: value for key, value in artifact.items() if value}] if chart else None,
        "reported_outcome": named(revision.status),
        "revision": revision.number,
    }  # fmt: skip


def _kind(
    revision: Revision, status: str, before: Mapping[int, Revision]
) -> dict[str, Any]:  # fmt: skip
    text = revision.description or ""
    failed = _FAILED.match(text)
    word = _BY_FAILURE.get(failed[1]) if failed else _WORDS.get(text)
    restored = revision.restored
    told = "rollback" if restored is not None else word
    kind = told or _PENDING.get(status)
    basis = "description" if told else ("status" if kind else None)
    fields: dict[str, Any] = {"kind": kind, "kind_basis": basis}
    if kind == "rollback":
        taken_back = before.get(revision.number - 1)
        source = before.get(restored) if restored is not None else None
        fields["rolls_back"] = taken_back.identity if taken_back else None
        fields["restores"] = source.identity if source else None
    elif text and not failed and word is None and status in _DEPLOYED:
        fields["reason"] = text
    return fields
