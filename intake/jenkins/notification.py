"""What the notification plugin sends: one body a phase of a build.

A build is told of as COMPLETED and again as FINALIZED; the first counts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from intake.address import address_of, repository_of
from intake.ids import commit_of, ref_of
from intake.instant import Told, told_epoch, told_time
from intake.jenkins.common import MILLIS, OUTCOMES, TOOL, place_of
from intake.jenkins.structure import Notification, Scm
from intake.jenkins.tested import tests
from intake.json_body import read_fields
from intake.number import seconds_of
from intake.report import Format, Reading, fact
from intake.rows import named
from intake.schemes import Basic
from intake.sender import Sender

if TYPE_CHECKING:
    from intake.jenkins.structure import Notified
    from intake.shape import Shape

_PHASES: Final = frozenset({
    b'"QUEUED"', b'"STARTED"', b'"COMPLETED"', b'"FINALIZED"', b'"NONE"',
})  # fmt: skip


def claims(shape: Shape) -> bool:
    """A job's name, and a build in one of the plugin's phases."""
    build = shape.inner("build") if shape.members else {}
    return (
        "name" in (shape.members or {})
        and "number" in build
        and bytes(build.get("phase", b"")) in _PHASES
    )


def read(body: bytes) -> list[Reading]:
    """The readings of a phase; none of those that tell nothing new.

    Raises:
        RefusedError: no notification; the place is named.
        TooLargeError: a limit was passed.
    """
    told = read_fields(body, Notification)
    build = told.build
    place = place_of(build.full_url or build.url) if build else None
    if build is None or place is None:
        return []
    scm = build.scm or Scm()
    data: dict[str, Any] = {
        "tool": TOOL,
        "run": place.run,
        "pipeline": named(place.job),
        "url": address_of(build.full_url),
        "repository": repository_of(scm.url),
        "commit": commit_of(scm.commit),
        "ref": ref_of(scm.branch),
    }
    kind = f"build.{build.phase}"
    began, ended = _times(build)
    if build.phase == "STARTED":
        return [fact("pipeline.started", began, data, kind=kind, source=place.server)]
    if build.phase != "COMPLETED" or build.status not in OUTCOMES:
        return []
    done = data | {
        "outcome": OUTCOMES[build.status],
        "reported_outcome": build.status,
        "started_at": began.time if began else None,
        "duration_s": seconds_of(build.duration, MILLIS),
    }
    found = [fact("pipeline.finished", ended, done, kind=kind, source=place.server)]
    if build.test_summary is not None:
        one = build.test_summary
        counts = {"total": one.total, "failed": one.failed, "skipped": one.skipped}
        of_run = {name: data[name] for name in ("tool", "run", "repository", "commit")}
        found += tests(of_run, ended, place.server, counts)
    return found


def _times(build: Notified) -> tuple[Told | None, Told | None]:
    """When the build began and ended.

    A number is the instant of the phase; a text, of older versions, when the build began.
    """
    spent = build.duration if build.duration is not None and build.duration >= 0 else None
    if isinstance(build.timestamp, str) and not build.timestamp.isdigit():
        return told_time(build.timestamp), None
    at = told_epoch(build.timestamp, MILLIS)
    if build.phase != "COMPLETED":
        return at, None
    ticks = build.timestamp if isinstance(build.timestamp, int) else None
    began = told_epoch(ticks - spent, MILLIS) if ticks is not None and spent is not None else None
    return began, at


FORMAT: Final = Format(
    "jenkins-notification", "Jenkins notification", "application/json", claims, read
)
SENDER: Final = Sender(
    name="jenkins",
    title="Jenkins",
    scheme=Basic(
        "Job Notifications of the notification plugin: format JSON, protocol HTTP, event All "
        "Events, url as above with jenkins: and the secret and @ before the host"
    ),
    formats=(FORMAT,),
)
