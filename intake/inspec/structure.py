"""The fields of InSpec's reports that are read; code, inputs and messages are skipped."""

from __future__ import annotations

from typing import Any

import msgspec


class _Object(msgspec.Struct, gc=False):
    """An object; any field may be missing or null."""


class Result(_Object):
    """What came of one test of a control."""

    status: str | None = None
    start_time: str | None = None
    exception: str | None = None
    backtrace: Any = None


class Waiver(_Object):
    """Why a control need not hold."""

    skipped_due_to_waiver: Any = None
    run: bool | None = None
    message: str | None = None


class Control(_Object):
    """A control; its status only where InSpec was asked for more outcomes than it had."""

    id: str | None = None
    status: str | None = None
    impact: Any = None
    results: list[Result] | None = None
    waiver_data: Waiver | None = None


class Profile(_Object):
    """A profile."""

    name: str | None = None
    version: str | None = None
    status: str | None = None
    controls: list[Control] | None = None


class Platform(_Object):
    """What was looked at."""

    target: str | None = None
    target_id: str | None = None


class Statistics(_Object):
    """How long it took."""

    duration: Any = None


class Small(_Object):
    """A result in a small report."""

    id: str | None = None
    profile_id: str | None = None
    status: str | None = None
    exception: str | None = None
    backtrace: Any = None


class Report(_Object, kw_only=True):
    """A report, for one machine or for Automate, which also knows the machine."""

    version: str | None = None
    platform: Platform | None = None
    statistics: Statistics | None = None
    profiles: list[Profile]
    node_name: str | None = None
    environment: str | None = None
    end_time: str | None = None


class SmallReport(_Object, kw_only=True):
    """A small report: results alone."""

    version: str | None = None
    statistics: Statistics | None = None
    controls: list[Small]
