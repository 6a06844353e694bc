"""The numbers of the metrics' rules in plain Python: rates, lengths of time, MTTR, bands."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from tests.projections.reference import Reference
    from tests.projections.reference_changes import Observation
    from tests.projections.reference_events import Deployment

DAY: Final = 86_400
BANDS: Final = (3600, DAY, 7 * DAY, 30.4375 * DAY, 182.625 * DAY)
FEW: Final = 5


@dataclass(frozen=True, kw_only=True)
class Part:
    """A window and a group that numbers are of."""

    start: datetime
    end: datetime
    group_by: str = "none"
    group: str = ""

    def keys(self, services: set[str], environment: str | None) -> set[str]:
        """R13: the groups in which something stands."""
        if self.group_by == "service":
            return services or {""}
        return {environment or ""} if self.group_by == "environment" else {""}

    def holds(self, one: Deployment) -> bool:
        """Whether a deployment stands in the group."""
        return self.group in self.keys({one.line[0]}, one.line[1])


def percentile(values: list[float], share: float) -> float | None:
    """R7: linear interpolation between closest ranks."""
    if not values:
        return None
    ordered = sorted(values)
    rank = share * (len(ordered) - 1)
    low, high = math.floor(rank), math.ceil(rank)
    return ordered[low] + (ordered[high] - ordered[low]) * (rank - low)


def mean(values: list[float]) -> float | None:
    """Arithmetic mean; None of nothing."""
    return sum(values) / len(values) if values else None


def band(seconds: float | None) -> int | None:
    """R7: 6 is best."""
    if seconds is None:
        return None
    return 1 + sum(seconds < most for most in BANDS)


def compared(
    now: dict[str, Any], before: dict[str, Any], mttr: dict[str, Any], restored: dict[str, Any]
) -> dict[str, Any]:
    """R16: a window beside its baseline, by DORA and MTTR of each."""

    def change(one: float | None, other: float | None) -> float | None:
        return 100 * (one - other) / other if one is not None and other else None

    def points(name: str) -> float | None:
        one, other = now[name], before[name]
        return None if one is None or other is None else 100 * (one - other)

    often = before["deployments_per_day"]
    return {
        "frequency_times": now["deployments_per_day"] / often if often else None,
        "lead_change_percent": change(now["lead_median_s"], before["lead_median_s"]),
        "recovery_change_percent": change(now["recovery_median_s"], before["recovery_median_s"]),
        "mttr_change_percent": change(mttr["mttr_s"], restored["mttr_s"]),
        "change_fail_points": points("change_fail_rate"), "rework_points": points("rework_rate"),
        "few": now["few_deployments"] or before["few_deployments"],
        "few_changes": now["few_changes"] or before["few_changes"],
        "few_recoveries": now["few_recoveries"] or before["few_recoveries"],
        "few_incidents": mttr["few"] or restored["few"],
    }  # fmt: skip


def dora(
    reference: Reference, observations: list[Observation], part: Part, tz: str = "UTC"
) -> dict[str, Any]:
    """The five metrics of a window and group."""
    start, end = part.start, part.end
    here = [one for one in reference.deployments
            if one.counts and one.tier == "production" and start <= one.finished < end
            and part.holds(one)]  # fmt: skip
    d = [one for one in here if reference.counted(one)]
    s = [one for one in d if one.succeeded]
    f = [one for one in d if one.reasons]
    upper_d = [one for one in here if reference.counted(one) or one.unknown]
    upper_f = [one for one in upper_d if one.reasons or one.unknown]
    confirmed = [one for one in f if one.reasons != {"F5"}]
    rework = [one for one in s if one.kind in ("rollback", "hotfix")]
    days = {one.finished.astimezone(ZoneInfo(tz)).date() for one in s}
    seen = [each for each in observations if start <= each.deployment.finished < end
            and part.holds(each.deployment)]  # fmt: skip
    times = [each.seconds for each in seen]
    lead = [one for one in times if one is not None and one >= 0]
    ended = [length for one in f if (length := recovery(one)) is not None]
    over = [length for length in ended if length >= 0]
    impact = [length for one in f if (length := from_impact(one)) is not None and length >= 0]
    return {
        "deployments": len(s),
        "deployments_per_day": len(s) / ((end - start).total_seconds() / DAY),
        **{f"{kind}s" if kind != "planned" else kind: sum(one.kind == kind for one in s)
           for kind in ("planned", "rollback", "redeploy")},
        "hotfixes": sum(one.kind == "hotfix" for one in s),
        "deployment_days": len(days), "median_days_per_week": _weeks(days, start, end, tz),
        "median_gap_s": _gap(s),
        "counted": len(d), "failed": len(f), "failed_confirmed": len(confirmed),
        "failed_stated": sum(bool(one.reasons & {"F1", "F2"}) for one in f),
        "failed_by_rollback": sum("F3" in one.reasons for one in f),
        "failed_by_hotfix": sum("F4" in one.reasons for one in f),
        "failed_inferred": sum("F5" in one.reasons for one in f),
        "attempts_failed": sum(report.impact is False for one in here for report in one.reports),
        "impact_unknown": sum(one.unknown for one in here),
        "change_fail_rate": len(f) / len(d) if d else None,
        "change_fail_rate_confirmed": len(confirmed) / len(d) if d else None,
        "change_fail_rate_upper": len(upper_f) / len(upper_d) if upper_d else None,
        "reworked": len(rework), "rework_rate": len(rework) / len(d) if d else None,
        "upper_failed": len(upper_f), "upper_counted": len(upper_d),
        "few_deployments": len(d) < FEW, "few_changes": len(lead) < FEW,
        "few_recoveries": len(over) < FEW,
        "unattributed_hotfixes": sum(one.kind == "hotfix" and not one.remedied for one in s),
        "lead_n": len(lead), "lead_median_s": percentile(lead, 0.5),
        "lead_p75_s": percentile(lead, 0.75), "lead_p90_s": percentile(lead, 0.9),
        "lead_mean_s": mean(lead), "lead_band": band(percentile(lead, 0.5)),
        "distinct_commits": len({each.commit for each in seen
                                 if each.seconds is not None and each.seconds >= 0}),
        "negative_lead_times": sum(one is not None and one < 0 for one in times),
        "recovered": len(over), "unrecovered": len(f) - len(ended),
        "recovery_anomalies": len(ended) - len(over),
        "recovery_median_s": percentile(over, 0.5), "recovery_p90_s": percentile(over, 0.9),
        "recovery_mean_s": mean(over), "recovery_band": band(percentile(over, 0.5)),
        "from_impact_median_s": percentile(impact, 0.5), "from_impact_mean_s": mean(impact),
        "from_impact_p90_s": percentile(impact, 0.9),
    }  # fmt: skip


def mttr(reference: Reference, part: Part) -> dict[str, Any]:
    """R12 of a window and group."""
    start, end = part.start, part.end
    chosen = [
        one for one in reference.incidents
        if part.group in part.keys(one.services, one.environment)
        and (one.environment is None or reference.tier_of(one) == "production")
    ]  # fmt: skip
    ended = [one for one in chosen if one.ended is not None and start <= one.ended < end]
    whole = [one.impaired_s for one in ended if one.started is not None and one.ended is not None
             and one.ended >= one.started and one.impaired_s is not None]  # fmt: skip
    return {
        "incidents": len(whole), "mttr_s": mean(whole), "median_s": percentile(whole, 0.5),
        "p90_s": percentile(whole, 0.9), "few": len(whole) < FEW, "derived_from_alerts": 0,
        "open": sum(one.started is not None and one.started < end
                    and (one.ended is None or max(one.ended, one.started) >= end)
                    for one in chosen),
        "start_unknown": sum(one.started is None for one in ended),
        "anomalies": sum(one.started is not None and one.ended is not None
                         and one.ended < one.started for one in ended),
    }  # fmt: skip


def recovery(one: Deployment) -> float | None:
    """R11: how long it took, in seconds."""
    if one.recovered_at is None or one.failed_at is None:
        return None
    return (one.recovered_at - one.failed_at).total_seconds()


def from_impact(one: Deployment) -> float | None:
    """R11: the same from the earliest start of its incidents."""
    begun = min((each.started for each in one.incidents if each.started), default=one.failed_at)
    if one.recovered_at is None or begun is None:
        return None
    return (one.recovered_at - begun).total_seconds()


def _gap(s: list[Deployment]) -> float | None:
    gaps = []
    for line in {one.line for one in s}:
        ends = sorted(one.finished for one in s if one.line == line)
        gaps += [(two - one).total_seconds() for one, two in pairwise(ends)]
    return percentile(gaps, 0.5)


def _weeks(days: set[date], start: datetime, end: datetime, tz: str) -> float | None:
    """R5: of the weeks, Monday to Sunday, that lie wholly in the window."""
    zone = ZoneInfo(tz)
    monday = start.astimezone(zone).date()
    monday -= timedelta(days=monday.weekday())
    counts: list[float] = []
    while monday <= end.astimezone(zone).date():
        first = datetime(monday.year, monday.month, monday.day, tzinfo=zone)
        following = monday + timedelta(days=7)
        after = datetime(following.year, following.month, following.day, tzinfo=zone)
        if first >= start and after <= end:
            counts.append(sum(monday <= one < following for one in days))
        monday = following
    return percentile(counts, 0.5)
