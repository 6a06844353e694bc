"""Random histories: the definitions in SQL and the rules in plain Python say the same."""

from __future__ import annotations

import tempfile
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.projections.histories import CI, START, Events, histories
from tests.projections.recounting import recount
from tests.projections.reference import Chosen, Reference
from tests.projections.reference_numbers import Changes, dora, mttr
from tests.projections.story import Story, viewing

if TYPE_CHECKING:
    from projections.engine import View

WINDOW: Final = (START + timedelta(days=1), START + timedelta(days=16))


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
        _key(row): (
            row["kind"], row["succeeded"], row["finished_at"], row["counts_in_line"], row["tier"],
            row["counted"], row["harmed_at"], row["impact_unknown"],
            keys.get(row["target_key"]), keys.get(row["rolls_back_key"]),
            {keys[one] for one in row["remediates_keys"]}, row["components"],
        )
        for row in rows
    }  # fmt: skip


def deployments_by(reference: Reference) -> dict[Any, Any]:
    """What the rules say of each."""
    return {
        one.key: (
            one.kind, one.succeeded, one.finished, one.counts, one.tier, reference.counted(one),
            one.harmed, one.unknown, one.target.key if one.target else None,
            one.undone.key if one.undone else None, {each.key for each in one.remedied},
            one.components,
        )
        for one in reference.deployments
    }  # fmt: skip


def _key(row: dict[str, Any]) -> tuple[tuple[str, str], str, str]:
    return (row["service"], row["environment"]), row["source"], row["deployment"]


def failures_of(view: View) -> dict[Any, Any]:
    """What the SQL says of failed deployments."""
    names = {row["deployment_key"]: _key(row) for row in view.table("deployments").to_pylist()}
    return {
        names[row["deployment_key"]]: (
            row["rules"], row["failed_at"], row["recovered_at"], len(row["incident_keys"])
        )
        for row in view.table("failures").to_pylist()
    }  # fmt: skip


def failures_by(reference: Reference) -> dict[Any, Any]:
    """What the rules say of them."""
    return {
        one.key: (sorted(one.reasons), one.failed_at, one.recovered_at,
                  len({(each.source, each.name) for each in one.incidents}))
        for one in reference.failures()
    }  # fmt: skip


def check(story: Story, folder: Path, **chosen: Any) -> None:  # noqa: ANN401 - of several types
    """Compare both."""
    reference = Reference(story.told(), Chosen(**chosen))
    start, end = WINDOW
    with viewing(story, folder, window_from=start, window_to=end, **chosen) as view:
        assert deployments_of(view) == deployments_by(reference)
        assert {
            (row["source"], row["incident"]):
                (row["started_at"], row["ended_at"], row["impaired_s"])
            for row in view.table("incidents").to_pylist()
        } == {
            (one.source, one.name): (one.started, one.ended, one.impaired_s)
            for one in reference.incidents
        }  # fmt: skip
        assert failures_of(view) == failures_by(reference)
        keys = {row["deployment_key"]: _key(row) for row in view.table("deployments").to_pylist()}
        assert sorted(
            (keys[row["deployment_key"]], row["commit"], str(row["lead_s"]))
            for row in view.table("lead_times").to_pylist()
        ) == sorted(
            (one.deployment.key, one.commit, str(one.seconds))
            for one in Changes(reference).observations()
        )  # fmt: skip
        numbers = view.table("dora").to_pylist()
        restored = view.table("mttr").to_pylist()
        same(numbers[0], dora(reference, start, end))
        same(restored[0], mttr(reference, start, end))
        recount(view.table("dora_evidence").to_pylist(), numbers, restored)


def same(row: dict[str, Any], expected: dict[str, Any]) -> None:
    """Numbers are equal but for the last bits of a fraction."""
    found = {name: row[name] for name in expected}
    assert found == {
        name: pytest.approx(value) if isinstance(value, float) else value
        for name, value in expected.items()
    }


CHOICES: Final = st.fixed_dictionaries({}, optional={
    "attribution_window_s": st.sampled_from([0, 1800, 1801, 86_400]),
    "infer_rollback": st.booleans(), "count_redeploys": st.booleans(),
    "commit_time_basis": st.sampled_from(["authored", "committed", "merged"]),
})  # fmt: skip


@given(events=histories, chosen=CHOICES)
@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
def test_sql_and_reference_agree_on_any_history(events: Events, chosen: dict[str, Any]) -> None:
    """Kinds, D, S, F with their reasons, recovery, lead times, MTTR, and every number of them."""
    with tempfile.TemporaryDirectory() as folder:
        check(story_of(events), Path(folder), **chosen)


@pytest.mark.long
@pytest.mark.timeout(1500)
@given(events=histories, chosen=CHOICES)
@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
def test_sql_and_reference_agree_on_many_histories(events: Events, chosen: dict[str, Any]) -> None:
    """The same, more often."""
    with tempfile.TemporaryDirectory() as folder:
        check(story_of(events), Path(folder), **chosen)
