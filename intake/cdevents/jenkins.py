"""What Jenkins' CDEvents plugin sends: attributes of a CloudEvent 0.3, and Jenkins' own data.

The same id comes with the several events of one build.
"""

from __future__ import annotations

import dataclasses
import re
from typing import TYPE_CHECKING, Any, Final

import msgspec

from intake.address import repository_of
from intake.cdevents.event import Event
from intake.cdevents.kinds import reader_of
from intake.cdevents.structure import Content, Context
from intake.ids import commit_of, ref_of
from intake.jenkins.common import MILLIS, SYSTEM, TOOL, place_of
from intake.json_body import read_fields
from intake.number import seconds_of
from intake.person import person_of

if TYPE_CHECKING:
    from intake.report import Reading

_RUN: Final = re.compile(r"dev\.cdevents\.pipelinerun\.")


class _Scm(msgspec.Struct, gc=False):
    """What was checked out."""

    url: str | None = None
    branch: str | None = None
    commit: str | None = None


class _Build(msgspec.Struct, rename="camel", gc=False):
    """A build; its parameters may be secrets, and are not read."""

    full_url: str | None = None
    duration: int | None = None
    scm_state: _Scm | None = None


class _Data(msgspec.Struct, rename="camel", gc=False):
    """Jenkins' own data."""

    user_id: str | None = None
    user_name: str | None = None
    build: _Build | None = None


class _Attributes(msgspec.Struct, gc=False):
    """Attributes of the CloudEvent; the plugin puts the content's there, in lower case."""

    id: str
    source: str
    type: str
    time: str | None = None
    pipelinename: str | None = None
    outcome: str | None = None
    data: _Data = msgspec.field(default_factory=_Data)


def read_old(body: bytes) -> Reading | None:
    """The reading of one event; None where no event type is for it.

    Raises:
        RefusedError: no such event; the field is named.
        TooLargeError: a limit was passed.
    """
    told = read_fields(body, _Attributes)
    reader = reader_of(told.type)
    build = told.data.build or _Build()
    place = place_of(build.full_url)
    if reader is None or not _RUN.match(told.type) or place is None or place.run is None:
        return None
    content = Content(
        pipeline_name=told.pipelinename, outcome=told.outcome or None, url=build.full_url
    )
    context = Context(id=told.id, source=told.source, type=told.type, timestamp=told.time)
    event = Event(context, place.run, content, {}, _more(told, build))
    reading = reader(event)
    return dataclasses.replace(reading, source=place.server) if reading is not None else None


def _more(told: _Attributes, build: _Build) -> dict[str, Any]:
    scm = build.scm_state or _Scm()
    found = {
        "tool": TOOL,
        "actor": person_of(SYSTEM, login=told.data.user_id, name=told.data.user_name),
        "repository": repository_of(scm.url),
        "ref": ref_of(scm.branch),
        "commit": commit_of(scm.commit),
        "duration_s": seconds_of(build.duration, MILLIS) if told.outcome else None,
    }
    return {name: value for name, value in found.items() if value is not None}
