"""SonarQube's webhook: an analysis was worked through, or a gate turned by a changed issue."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from intake.ids import commit_of
from intake.instant import told_time
from intake.json_body import read_fields
from intake.report import Format, Reading
from intake.rows import named
from intake.schemes import Signed
from intake.sender import Sender
from intake.sonarqube.analysis import branch_of, scan_reading, source_of
from intake.sonarqube.gate import Gate, gate_reading

if TYPE_CHECKING:
    from intake.shape import Shape

_MEMBERS: Final = frozenset({"project", "status", "properties"})
_MARKS: Final = frozenset({"taskId", "analysedAt", "changedAt"})


class _Project(msgspec.Struct, gc=False):
    key: str | None = None
    name: str | None = None
    url: str | None = None


class _Branch(msgspec.Struct, gc=False):
    name: str | None = None
    type: str | None = None
    url: str | None = None


class _Payload(msgspec.Struct, rename="camel", gc=False):
    """A delivery; the properties are whatever a pipeline put there, and are not read."""

    project: _Project
    status: str | None = None
    server_url: str | None = None
    task_id: str | None = None
    analysed_at: str | None = None
    changed_at: str | None = None
    revision: str | None = None
    branch: _Branch | None = None
    quality_gate: Gate | None = None


def claims(shape: Shape) -> bool:
    """Project by key, status and properties, with the marks of an analysis."""
    members = (shape.members or {}).keys()
    return members >= _MEMBERS and bool(_MARKS & members) and "key" in shape.inner("project")


def read(body: bytes) -> list[Reading]:
    """The readings of a delivery: that the analysis ended, and the gate's verdict.

    Raises:
        RefusedError: no delivery of SonarQube; the place is named.
        TooLargeError: a limit was passed.
    """
    payload = read_fields(body, _Payload)
    project, branch = payload.project, payload.branch or _Branch()
    source = source_of(payload.server_url, project.key)
    analysed, changed = told_time(payload.analysed_at), told_time(payload.changed_at)
    data = {
        "service": named(project.name) or named(project.key),
        "service_basis": "project",
        "target": named(project.key),
        "commit": commit_of(payload.revision),
        "url": named(branch.url) or named(project.url),
        **branch_of(branch.name, branch.type),
    }
    task = named(payload.task_id)
    found = []
    # Without a task nothing was analysed: somebody changed an issue, and that turned the gate.
    if task is not None:
        found.append(scan_reading(payload.status, task, analysed or changed, data, source))
    if payload.quality_gate is not None:
        told = (analysed or changed) if task is not None else changed
        verdict = {**data, "analysis": task}
        found.append(gate_reading(payload.quality_gate, told, verdict, source))
    return [one for one in found if one is not None]


FORMAT: Final = Format("sonarqube", "SonarQube webhook", "application/json", claims, read)
SENDER: Final = Sender(
    name="sonarqube",
    title="SonarQube",
    scheme=Signed(
        "x-sonar-webhook-hmac-sha256",
        "Administration, Webhooks, Create: URL and Secret as above, in the project or for all",
    ),
    formats=(FORMAT,),
)
