"""The fields of Jenkins' objects that are read; parameters, logs and notes are skipped."""

from __future__ import annotations

from typing import Any

import msgspec


class _Object(msgspec.Struct, gc=False, rename="camel"):
    """An object; any field may be missing or null."""


class Cause(_Object):
    """Why a build was begun."""

    class_: str | None = msgspec.field(name="_class", default=None)
    user_id: str | None = None
    user_name: str | None = None
    upstream_project: str | None = None
    upstream_build: int | None = None


class Branch(_Object):
    """A branch that was built."""

    name: str | None = None


class Revision(_Object):
    """What was built."""

    sha: str | None = msgspec.field(name="SHA1", default=None)
    branch: list[Branch] | None = None


class Action(_Object):
    """What a plugin says of a build."""

    class_: str | None = msgspec.field(name="_class", default=None)
    causes: list[Cause] | None = None
    last_built_revision: Revision | None = None
    remote_urls: list[str] | None = None
    total_count: int | None = None
    fail_count: int | None = None
    skip_count: int | None = None


class Build(_Object):
    """A build, as `api/json` has it."""

    url: str | None = None
    full_display_name: str | None = None
    number: int | None = None
    result: str | None = None
    building: bool | None = None
    timestamp: int | None = None
    duration: int | None = None
    built_on: str | None = None
    actions: list[Action | None] | None = None


class Builds(_Object):
    """A job with its builds."""

    builds: list[Build] | None = None
    all_builds: list[Build] | None = None


class Scm(msgspec.Struct, gc=False):
    """What a notified build was made from."""

    url: str | None = None
    branch: str | None = None
    commit: str | None = None


class TestSummary(msgspec.Struct, gc=False):
    """What the tests of a notified build came to."""

    total: int | None = None
    failed: int | None = None
    skipped: int | None = None


class Notified(msgspec.Struct, gc=False):
    """A build, as the notification plugin tells of it."""

    full_url: str | None = None
    url: str | None = None
    phase: str | None = None
    status: str | None = None
    # Milliseconds; before version 1.8 a text.
    timestamp: Any = None
    duration: int | None = None
    scm: Scm | None = None
    test_summary: TestSummary | None = None


class Notification(msgspec.Struct, gc=False):
    """The notification plugin's body."""

    build: Notified | None = None


class Link(_Object):
    """An address below the server's."""

    href: str | None = None


class Links(_Object):
    """Where an object is found."""

    itself: Link | None = msgspec.field(name="self", default=None)


class Stage(_Object):
    """A run of a pipeline, or one of its stages or steps."""

    links: Links | None = msgspec.field(name="_links", default=None)
    id: str | None = None
    name: str | None = None
    status: str | None = None
    exec_node: str | None = None
    start_time_millis: int | None = None
    end_time_millis: int | None = None
    duration_millis: int | None = None
    stages: list[Stage] | None = None


class PendingInput(_Object):
    """A question that a pipeline waits for somebody to answer."""

    id: str | None = None
    message: str | None = None
    proceed_url: str | None = None
