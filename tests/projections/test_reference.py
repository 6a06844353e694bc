"""Random histories: the definitions in SQL and the rules in plain Python say the same."""

from __future__ import annotations

import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.projections.histories import CI, START, Events, histories
from tests.projections.recounting import recount
from tests.projections.reference import Chosen, Reference
from tests.projections.reference_changes import Changes
from tests.projections.reference_events import BEGUN, Deployment, instant, least_of
from tests.projections.reference_numbers import (
    Part,
    compared,
    dora,
    from_impact,
    mttr,
    recovery,
)
from tests.projections.story import Story, viewing

if TYPE_CHECKING:
    from projections.engine import View
    from tests.projections.reference_changes import Observation

WINDOW: Final = (START + timedelta(days=1), START + timedelta(days=16))
BASELINE: Final = (START, START + timedelta(days=2))
ASKED: Final = ("group_by", "bucket", "tz", "baseline_from", "baseline_to")
"""What is chosen of an answer; the other choices are of what happened."""
GROUPS: Final = {
    "none": [""], "service": ["shop", "pay", ""],
    "environment": ["production", "staging", "blue", ""],
}  # fmt: skip


def story_of(events: Events) -> Story:
    """The ledger that is told so; a void of something that is not there is left out."""
    story = Story()
    for kind, told_fields in events:
        fields = dict(told_fields)
        if kind == "event.voided" and fields["position"] > len(story.told()):
            continue
        story.tell(
            kind, fields.pop("time"), source=fields.pop("source", CI),
            assurance=fields.pop("assurance", "asserted"), **fields,
        )  # fmt: skip
    return story


def deployments_of(view: View) -> dict[Any, Any]:
    """What the SQL says of each deployment."""
    rows = view.table("deployments").to_pylist()
    keys = {row["deployment_key"]: _key(row) for row in rows}
    return {
        _key(row): {name: row[name] for name in ALIKE} | {
            "target": keys.get(row["target_key"]), "undone": keys.get(row["rolls_back_key"]),
            "remedied": {keys[one] for one in row["remediates_keys"]},
            "artifacts": tuple(row["artifacts"] or ()), "positions": sorted(row["positions"]),
        }
        for row in rows
    }  # fmt: skip


ALIKE: Final = (
    "kind", "kind_is_stated", "rolls_back_is_stated", "succeeded", "finished_at", "started_at",
    "first_exposed_at", "counts_in_line", "tier", "counted", "harmed_at", "impact_unknown",
    "components", "attempts", "attempts_failed", "attempts_without_impact", "config", "commit",
    "release", "repository", "corroborations", "last_position", "assurance",
)  # fmt: skip
"""What a deployment's row says in the words of the rules."""
SURE: Final = ("imported", "asserted", "observed", "decided")


def deployments_by(reference: Reference) -> dict[Any, Any]:
    """What the rules say of each."""
    return {one.key: _deployment_by(reference, one) for one in reference.deployments}


def _deployment_by(reference: Reference, one: Deployment) -> dict[str, Any]:
    says_what = one.rolls_back is not None and reference.named(one, one.rolls_back) is not None
    told = [each["data"] for each in one.events]
    return {
        "kind": one.kind, "kind_is_stated": one.stated is not None or bool(one.remediates),
        "rolls_back_is_stated": one.kind == "rollback" and says_what,
        "succeeded": one.succeeded, "finished_at": one.finished,
        "started_at": least_of(
            instant(each["data"].get("started_at"))
            or (instant(each["time"]) if each["type"] == BEGUN else None) for each in one.events
        ),
        "first_exposed_at": least_of(instant(each.get("first_exposed_at")) for each in told),
        "counts_in_line": one.counts, "tier": one.tier, "counted": reference.counted(one),
        "harmed_at": one.harmed, "impact_unknown": one.unknown, "components": one.components,
        "attempts": len(one.reports),
        "attempts_failed": sum(not each.succeeded for each in one.reports),
        "attempts_without_impact": sum(each.impact is False for each in one.reports),
        "config": one.config, "commit": one.commit, "release": one.release,
        "repository": one.repository,
        "corroborations": sum(each is one for each in reference.corroborated.values()),
        "last_position": one.place[1],
        "assurance": min((each["as"] for each in one.events), key=SURE.index),
        "target": one.target.key if one.target else None,
        "undone": one.undone.key if one.undone else None,
        "remedied": {each.key for each in one.remedied}, "artifacts": one.artifacts,
        "positions": sorted(each["position"] for each in one.events + one.assessed),
    }  # fmt: skip


def _key(row: dict[str, Any]) -> tuple[tuple[str, str], str, str]:
    return (row["service"], row["environment"]), row["source"], row["deployment"]


def failures_of(view: View) -> dict[Any, Any]:
    """What the SQL says of failed deployments."""
    names = {row["deployment_key"]: _key(row) for row in view.table("deployments").to_pylist()}
    return {
        names[row["deployment_key"]]: (
            row["rules"], row["is_confirmed"], row["failed_at"], row["recovered_at"],
            row["recovered_by"], row["recovery_s"], row["from_impact_s"], row["incident_keys"],
        )
        for row in view.table("failures").to_pylist()
    }  # fmt: skip


def failures_by(reference: Reference) -> dict[Any, Any]:
    """What the rules say of them."""
    return {
        one.key: (
            sorted(one.reasons), one.reasons != {"F5"}, one.failed_at, one.recovered_at,
            one.recovered_by, recovery(one), from_impact(one),
            sorted(f"{each.source} {each.name}" for each in one.incidents),
        )
        for one in reference.failures()
    }  # fmt: skip


def incidents_of(view: View) -> dict[Any, Any]:
    """What the SQL says of incidents."""
    return {
        (row["source"], row["incident"]): (
            row["started_at"], row["restored_at"], row["resolved_at"], row["ended_at"],
            row["impaired_s"], row["services"], row["environment"], row["tier"], row["cause"],
            row["caused_by"], row["episodes"], row["positions"],
        )
        for row in view.table("incidents").to_pylist()
    }  # fmt: skip


def incidents_by(reference: Reference) -> dict[Any, Any]:
    """What the rules say of them."""
    return {
        (one.source, one.name): (
            one.started, one.restored, one.resolved, one.ended, one.impaired_s,
            sorted(one.services), one.environment, reference.tier_of(one), one.cause,
            one.caused_by, one.episodes, one.positions,
        )
        for one in reference.incidents
    }  # fmt: skip


def check(story: Story, folder: Path, **chosen: Any) -> None:  # noqa: ANN401 - of several types
    """Compare both."""
    asked: dict[str, Any] = {name: chosen.pop(name) for name in ASKED if name in chosen}
    reference = Reference(story.told(), Chosen(**chosen))
    start, end = WINDOW
    with viewing(story, folder, window_from=start, window_to=end, **chosen, **asked) as view:
        assert deployments_of(view) == deployments_by(reference)
        assert incidents_of(view) == incidents_by(reference)
        assert failures_of(view) == failures_by(reference)
        keys = {row["deployment_key"]: _key(row) for row in view.table("deployments").to_pylist()}
        observations = Changes(reference).observations()
        assert sorted(
            (keys[row["deployment_key"]], row["commit"], str(row["lead_s"]), row["is_anomaly"])
            for row in view.table("lead_times").to_pylist()
        ) == sorted(
            (one.deployment.key, one.commit, str(one.seconds), (one.seconds or 0) < 0)
            for one in observations
        )  # fmt: skip
        _check_numbers(view, reference, observations, **asked)


def _check_numbers(
    view: View, reference: Reference, observations: list[Observation], **asked: Any  # noqa: ANN401
) -> None:  # fmt: skip
    """Compare the numbers of every window and group, and those with what stands behind them."""
    by, tz = asked.get("group_by", "none"), asked.get("tz", "UTC")
    numbers, restored = view.table("dora").to_pylist(), view.table("mttr").to_pylist()
    recount(view.table("dora_evidence").to_pylist(), numbers, restored)
    groups = {row["group_key"] for row in numbers}
    silent = {*GROUPS[by]} - groups
    wanted = _windows(**asked)
    assert sorted((*_window(row), row["group_key"]) for row in numbers) == sorted(
        (*one, group) for one in wanted for group in groups
    )
    found: dict[tuple[Any, ...], tuple[dict[str, Any], dict[str, Any]]] = {}
    for name, start, end in wanted:
        for group in groups | silent:
            part = Part(start=start, end=end, group_by=by, group=group)
            found[name, start, group] = (
                dora(reference, observations, part, tz), mttr(reference, part)
            )  # fmt: skip
    for row in numbers:
        same(row, found[row["part"], row["window_from"], row["group_key"]][0])
    for row in restored:
        same(row, found[row["part"], row["window_from"], row["group_key"]][1])
    for (name, _, group), (deployed, impaired) in found.items():
        if group in silent:
            assert not any(deployed[one] for one in ("upper_counted", "attempts_failed", "lead_n"))
            assert not impaired["open"] + impaired["incidents"], name
    told = {row["group_key"]: row for row in view.table("comparison").to_pylist()}
    assert told.keys() == (groups if "baseline_from" in asked else set())
    for group, row in told.items():
        now, before = found["window", WINDOW[0], group], found["baseline", BASELINE[0], group]
        same(row, compared(now[0], before[0], now[1], before[1]))


def _windows(**asked: Any) -> list[tuple[str, datetime, datetime]]:  # noqa: ANN401 - of several types
    """The windows that are asked for: itself, its baseline, its steps."""
    found = [("window", *WINDOW)]
    if "baseline_from" in asked:
        found.append(("baseline", *BASELINE))
    zone, bucket = ZoneInfo(asked.get("tz", "UTC")), asked.get("bucket", "none")
    day = WINDOW[0].astimezone(zone).date()
    if bucket == "week":
        day -= timedelta(days=day.weekday())
    elif bucket == "month":
        day = day.replace(day=1)
    while bucket != "none":
        following = day + timedelta(days={"day": 1, "week": 7, "month": 31}[bucket])
        if bucket == "month":
            following = following.replace(day=1)
        begins, ends = (
            datetime(one.year, one.month, one.day, tzinfo=zone).astimezone(UTC)
            for one in (day, following)
        )
        if begins >= WINDOW[1]:
            break
        found.append(("step", max(begins, WINDOW[0]), min(ends, WINDOW[1])))
        day = following
    return found


def _window(row: dict[str, Any]) -> tuple[str, datetime, datetime]:
    return row["part"], row["window_from"], row["window_to"]


def same(row: dict[str, Any], expected: dict[str, Any]) -> None:
    """Numbers are equal but for the last bits of a fraction."""
    found = {name: row[name] for name in expected}
    assert found == {
        name: pytest.approx(value) if isinstance(value, float) else value
        for name, value in expected.items()
    }


def _asked(drawn: dict[str, Any]) -> dict[str, Any]:
    """What was drawn, as it is asked for."""
    rest = {name: value for name, value in drawn.items() if name != "baseline"}
    if "baseline" in drawn:
        rest["baseline_from"], rest["baseline_to"] = drawn["baseline"]
    return rest


CHOICES: Final = st.fixed_dictionaries({}, optional={
    "attribution_window_s": st.sampled_from([0, 1800, 1801, 86_400]),
    "infer_rollback": st.booleans(), "count_redeploys": st.booleans(),
    "commit_time_basis": st.sampled_from(["authored", "committed", "merged"]),
    "group_by": st.sampled_from([*GROUPS]), "bucket": st.sampled_from(["day", "week", "month"]),
    "tz": st.sampled_from(["Europe/Berlin", "America/New_York"]), "baseline": st.just(BASELINE),
}).map(_asked)  # fmt: skip


@given(events=histories, chosen=CHOICES)
@settings(max_examples=4, deadline=None, suppress_health_check=list(HealthCheck))
def test_sql_and_reference_agree_on_any_history(events: Events, chosen: dict[str, Any]) -> None:
    """Kinds, D, S, F with their reasons, recovery, lead times, MTTR, and every number of them."""
    with tempfile.TemporaryDirectory() as folder:
        check(story_of(events), Path(folder), **chosen)


@pytest.mark.long
@pytest.mark.timeout(1500)
@given(events=histories, chosen=CHOICES)
@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
def test_sql_and_reference_agree_on_many_histories(events: Events, chosen: dict[str, Any]) -> None:
    """The same, more often."""
    with tempfile.TemporaryDirectory() as folder:
        check(story_of(events), Path(folder), **chosen)
