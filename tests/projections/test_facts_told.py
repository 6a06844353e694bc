"""What facts take from an event where it may be said in several ways, or not be said."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from tests.projections.story import SOURCE, Story, viewing
from tests.projections.telling import artifact, when

if TYPE_CHECKING:
    from pathlib import Path

A, B = sorted(artifact(name)["digest"] for name in "ab")
OK, NO, CANCELLED, SKIPPED = (
    {"outcome": outcome} for outcome in ("success", "failure", "cancelled", "skipped")
)
# What its targets say, and whether one of them was reached.
REACHED: list[tuple[list[dict[str, Any]] | None, bool | None]] = [
    (None, None), ([], None), ([{"site": "eu"}], None), ([NO], None), ([OK], True),
    ([CANCELLED], False), ([SKIPPED], False), ([CANCELLED, NO], None), ([CANCELLED, OK], True),
    ([{"share": 0}], False), ([NO | {"share": 0}], False), ([CANCELLED, {"share": 0}], False),
    ([{"share": 0.1}], True), ([NO | {"share": 0.1}], True), ([NO, {"share": 1}], True),
    ([CANCELLED | {"share": 0.1}], False), ([SKIPPED | {"share": 0.1}], False),
]  # fmt: skip
# What is told of a change, its texts among it, and which of them were written.
CHANGES: list[tuple[str, dict[str, Any], str | None, list[str]]] = [
    ("proposed", {}, None, []), ("updated", {"description": "x"}, None, ["description"]),
    ("reviewed", {"description": " ", "reason": "x"}, None, ["reason"]),
    ("merged", {}, "reason impact", ["impact", "reason"]),
    ("abandoned", {"impact": "x", "security_impact": "x", "back_out": "x"}, "impact",
     ["back_out", "impact", "security_impact"]),
]  # fmt: skip


def put(story: Story, kind: str, /, **data: Any) -> int:  # noqa: ANN401 - JSON
    """An event, with attributes beside its data where that has them; gives the position."""
    event = {"source": SOURCE, "time": when("03-05T10:00"), "data": data}
    if texts := data.pop("texts", None):
        event["pipeledgertexts"] = texts
    return story.put(kind, json.dumps(event).encode())


def test_what_is_said_in_one_way_or_another_is_read_from_either(tmp_path: Path) -> None:
    """Targets, artifacts, texts, names; each type of event is one that its facts know."""
    story, reached, texts = Story(), {}, {}
    for targets, expected in REACHED:
        reached[put(story, "deployment.finished", targets=targets)] = expected
    exposed = when("03-05T09:00")
    at = put(story, "deployment.finished", targets=[CANCELLED], first_exposed_at=exposed)
    reached[at] = True
    attempts = {
        put(story, "deployment.finished", attempt=told): attempt
        for told, attempt in ((None, 1), ("x", 1), (2, 2))
    }
    for what, data, written, words in CHANGES:
        texts[put(story, f"change.{what}", texts=written, **data)] = (what, words)
    both = {"artifact": {"digest": B}, "artifacts": [{"digest": A}, {"digest": B}, {}]}
    made = [put(story, f"{kind}.finished", **both) for kind in ("deployment", "build")]
    named = {
        put(story, "build.finished", artifact={"name": "n", "purl": "p"}): "p",
        put(story, "artifact.published", artifact={"name": "n"}): "n",
        put(story, "release.created"): None,
    }
    known = put(story, "incident.acknowledged", incident="i")
    gone = put(story, "incident.opened", incident="i")
    # A position in something else says nothing of that kind.
    corrected = {
        put(story, "event.voided", position=gone, reason="x"): (gone, None),
        put(story, "part.redacted", position=known): (None, known),
    }
    with viewing(story, tmp_path) as view:
        deployments, changes, builds, incidents, corrections = (
            {row["position"]: row for row in view.table(name).to_pylist()}
            for name in ("deployment_facts", "change_facts", "build_facts", "incident_facts",
                         "corrections")
        )  # fmt: skip
    assert {at: deployments[at]["reached"] for at in reached} == reached
    assert {at: deployments[at]["attempt"] for at in attempts} == attempts
    assert {at: (row["what"], sorted(row["texts"])) for at, row in changes.items()} == texts
    assert [deployments[made[0]]["artifacts"], sorted(builds[made[1]]["artifacts"])] == [[A, B]] * 2
    assert {at: builds[at]["name"] for at in named} == named
    assert {at: row["what"] for at, row in incidents.items()} == {known: "acknowledged"}
    assert {at: (row["voided"], row["redacted"]) for at, row in corrections.items()} == corrected


def test_facts_are_of_their_types_and_say_which_of_them_were_redacted(tmp_path: Path) -> None:
    """Of each family two events, the second of which is gone."""
    families = {
        "deployment_facts": "deployment.finished", "change_facts": "change.merged",
        "build_facts": "build.finished", "incident_facts": "incident.restored",
        "alert_facts": "threat.detected", "ref_facts": "ref.updated",
        "commit_facts": "commit.pushed", "snapshot_facts": "runtime.snapshot",
        "register_facts": "source.registered",
    }  # fmt: skip
    story = Story()
    told = {name: [put(story, kind), put(story, kind)] for name, kind in families.items()}
    for _, gone in told.values():
        story.redact(gone)
    with viewing(story, tmp_path) as view:
        rows = {name: view.table(name).to_pylist() for name in families}
    assert {name: {row["position"] for row in rows[name]} for name in rows} == {
        name: {*positions} for name, positions in told.items()
    }
    assert {
        name: [row["position"] for row in rows[name] if row["redacted"]]
        for name in rows if name != "register_facts"
    } == {name: [gone] for name, (_, gone) in told.items() if name != "register_facts"}  # fmt: skip
