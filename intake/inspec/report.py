"""InSpec's JSON: one scan of a baseline, of which the controls are counted.

A control came to the worst of its results. A profile that is made of others lists their controls
again without results: they count once.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from domain.instant import read_time
from intake.baseline import Baseline
from intake.inspec.structure import Control, Profile, Report, Result, Small, SmallReport
from intake.instant import Told, seconds_between, told_time
from intake.json_body import read_fields
from intake.number import seconds_of
from intake.report import Format, Reading
from intake.rows import named
from intake.shape import shape_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from intake.inspec.structure import Platform, Waiver
    from intake.shape import Shape

TOOL: Final = "InSpec"
_WORDS: Final = ("passed", "failed", "skipped")
_STATUSES: Final = {"failed": "failed", "error": "error", "not_reviewed": "manual"}
_COUNTED: Final = "controls by their worst result"
# InSpec's own bands of a control's impact.
_BANDS: Final = ((0.9, "critical"), (0.7, "high"), (0.4, "medium"), (0.01, "low"))
_EXPIRED: Final = "expired"
_USER: Final = re.compile(r"//[^/@]*@")
_LOCAL: Final = "local://"


def claims(shape: Shape) -> bool:
    """Profiles with controls or a status, or a small report's results."""
    members = shape.members or {}
    if not {"version", "statistics"} <= members.keys():
        return False
    profile = shape.first("profiles")
    if {"name", "controls"} <= profile.keys() or ("profiles" in members and "platform" in members):
        return True
    return {"code_desc", "profile_id"} <= shape.first("controls").keys() or (
        members.keys() == {"version", "statistics", "controls"}
    )


def read(body: bytes) -> list[Reading]:
    """The reading of a report.

    Raises:
        RefusedError: no report of InSpec; the place is named.
        TooLargeError: a limit was passed.
    """
    if "profiles" not in (shape_of(body).members or {}):
        return [_small(read_fields(body, SmallReport))]
    report = read_fields(body, Report)
    found = Baseline(TOOL, *_WORDS)
    results: list[Result] = []
    for profile, control in _controls(report.profiles):
        results += control.results or ()
        _met(found, profile.name, control)
    begun, ended = _span(results)
    end = told_time(report.end_time) or ended
    spent = report.statistics.duration if report.statistics is not None else None
    place = named(report.environment)
    return [found.reading(_COUNTED, end, {
        "outcome": _outcome(report.profiles, found),
        "tool_version": named(report.version),
        "benchmark": _titles(report.profiles, with_version=True),
        "profile": _titles(report.profiles, with_version=False),
        "target": named(report.node_name) or _target(report.platform),
        "environment": place,
        "occurrences": len(results),
        "started_at": begun.time if begun is not None else None,
        "duration_s": seconds_of(spent) if spent is not None else seconds_between(begun, end),
    })]  # fmt: skip


def _controls(profiles: Iterable[Profile]) -> Iterator[tuple[Profile, Control]]:
    listed = [(one, control) for one in profiles for control in one.controls or ()]
    told = {control.id for _, control in listed if control.results}
    for profile, control in listed:
        if control.results or control.id not in told:
            yield profile, control


def _met(found: Baseline, profile: str | None, control: Control) -> None:
    word = (control.status or "").lower() or _worst(control.results or ())
    waived = _is_waived(control.waiver_data)
    status = _STATUSES.get(word)
    if waived and status is None and word == "skipped":
        status = "manual"
    found.met(
        word, control.id, status, target=profile, severity=_severity(control.impact),
        suppressed=waived, impact=_impact(control.impact),
    )  # fmt: skip


def _worst(results: Iterable[Result]) -> str:
    """InSpec's own rule, with what broke apart from what failed."""
    words = set()
    for one in results:
        broken = one.exception is not None or bool(one.backtrace)
        words.add("error" if broken else (one.status or "unknown").lower())
    if not words:
        return "not_reviewed"
    return next((one for one in ("error", "failed", "skipped") if one in words), min(words))


def _small(report: SmallReport) -> Reading:
    found = Baseline(TOOL, *_WORDS)
    controls: dict[tuple[str | None, str | None], list[Result]] = {}
    for one in report.controls:
        controls.setdefault((one.profile_id, one.id), []).append(_result(one))
    for (profile, rule), results in controls.items():
        _met(found, profile, Control(id=rule, results=results))
    names = dict.fromkeys(name for name, _ in controls if name)
    spent = report.statistics.duration if report.statistics is not None else None
    return found.reading(_COUNTED, None, {
        "tool_version": named(report.version),
        "benchmark": named(", ".join(names)),
        "profile": named(", ".join(names)),
        "occurrences": len(report.controls),
        "duration_s": seconds_of(spent),
    })  # fmt: skip


def _result(one: Small) -> Result:
    return Result(status=one.status, exception=one.exception, backtrace=one.backtrace)


def _outcome(profiles: list[Profile], found: Baseline) -> str:
    """A profile that could not be loaded was not looked at; neither was one of another platform."""
    if any(one.status == "failed" for one in profiles):
        return "error"
    return "skipped" if not found.total and profiles else "success"


def _span(results: Iterable[Result]) -> tuple[Told | None, Told | None]:
    """When the first and the last test began."""
    told = [time for one in results if (time := told_time(one.start_time)) is not None]
    if not told:
        return None, None
    ordered = sorted(told, key=lambda one: read_time(one.time, ""))
    return ordered[0], ordered[-1]


def _titles(profiles: Iterable[Profile], *, with_version: bool) -> str | None:
    """The profiles that were run, by name."""
    told = (
        " ".join(filter(None, (one.name, one.version if with_version else None)))
        for one in profiles
        if one.name and one.status != "skipped"
    )
    return named(", ".join(dict.fromkeys(told)))


def _target(platform: Platform | None) -> str | None:
    """The machine, by the address at which it was reached, or by its own id."""
    if platform is None:
        return None
    address = named(_USER.sub("//", platform.target or ""))
    return address if address and address != _LOCAL else named(platform.target_id)


def _is_waived(waiver: Waiver | None) -> bool:
    """Whether a waiver is in force: it says so when it has expired."""
    if waiver is None or waiver.run is None or _EXPIRED in (waiver.message or ""):
        return False
    return waiver.run or bool(waiver.skipped_due_to_waiver)


def _impact(impact: Any) -> float | None:  # noqa: ANN401 - JSON
    number = isinstance(impact, int | float) and not isinstance(impact, bool)
    return float(impact) if number and 0 <= impact <= 1 else None


def _severity(impact: Any) -> str:  # noqa: ANN401 - JSON
    if isinstance(impact, str):
        return impact if impact in {band for _, band in _BANDS} else "unknown"
    number = _impact(impact)
    if number is None:
        return "unknown"
    return next((band for least, band in _BANDS if number >= least), "info")


FORMAT: Final = Format("inspec", "Chef InSpec JSON", "application/json", claims, read)
