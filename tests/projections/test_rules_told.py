"""Whose word holds where several events tell of one deployment: rules R2, R4, R11 and R14."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.projections.telling import (
    Story,
    artifact,
    commit,
    deployed,
    impaired,
    instant,
    only,
    when,
    window,
)

if TYPE_CHECKING:
    from pathlib import Path


def words(mark: str) -> dict[str, Any]:
    """All that may be told of a deployment, in one way of several."""
    return {
        "artifacts": [artifact(mark)], "config": artifact(f"config {mark}")["digest"],
        "commit": commit(mark), "repository": mark, "release": mark, "run": mark, "actor": mark,
        "ticket": mark, "trigger": "manual" if mark == "yes" else "automatic",
        "triggered_by": mark, "strategy": mark, "targets": [{"site": mark}],
    }  # fmt: skip


def tell(story: Story, what: str, at: str, **more: Any) -> int:  # noqa: ANN401 - JSON
    """Something becomes of a deployment of the shop."""
    data = {"deployment": "d", "service": "shop", "environment": "production"} | more
    return story.tell(f"deployment.{what}", when(at), **data)


SUCCESS: dict[str, Any] = {"outcome": "success"}
FAILURE: dict[str, Any] = {"outcome": "failure", "impact": True}


def test_r2_a_success_s_word_holds_before_another_end_s_and_that_before_a_beginning_s(
    tmp_path: Path,
) -> None:
    """Each thing by itself."""
    cases: list[list[tuple[str, str | None, dict[str, Any]]]] = [
        # Whichever was told last.
        [("finished", "yes", SUCCESS), ("finished", "no", FAILURE), ("started", "no", {})],
        [("finished", "yes", FAILURE), ("started", "no", {}), ("progressed", "no", {})],
        # Of equals the last one holds.
        [("finished", "no", SUCCESS), ("finished", "yes", SUCCESS)],
        [("finished", "no", FAILURE), ("finished", "yes", FAILURE)],
        [("started", "no", {}), ("progressed", "yes", {}), ("finished", None, SUCCESS)],
        # What an end does not tell is what was told before it.
        [("started", "yes", {}), ("finished", None, FAILURE), ("finished", None, SUCCESS)],
        [("finished", "yes", FAILURE), ("finished", None, SUCCESS)],
    ]
    story = Story()
    for case, told in enumerate(cases):
        for number, (what, mark, more) in enumerate(told, 1):
            tell(story, what, f"03-05T1{number}:00", deployment=str(case), service=f"s{case}",
                 attempt=number, **(words(mark) if mark else {}), **more)  # fmt: skip
    expected = words("yes") | {
        "artifacts": [artifact("yes")["digest"]], "targets": '[{"site":"yes"}]'
    }  # fmt: skip
    with window(story, tmp_path) as view:
        for case, told in enumerate(cases):
            row = only(view, "deployments", deployment=str(case))
            assert {name: row[name] for name in expected} == expected, told
            assert len(row["positions"]) == len(told)


def test_r2_what_a_deployment_names_is_what_its_success_names(tmp_path: Path) -> None:
    """Its kind, what it remedies, takes back and goes back to."""
    story = Story()
    for number, content in enumerate("1213"):
        deployed(story, f"d{number}", f"03-05T1{number}:00", content, kind="planned")
    named: dict[str, Any] = {
        "kind": "rollback",
        "remediates": ["d0"],
        "rolls_back": "d1",
        "restores": "d0",
    }
    other: dict[str, Any] = {
        "kind": "hotfix",
        "remediates": ["d3"],
        "rolls_back": "d3",
        "restores": "d2",
    }
    deployed(story, "d", "03-05T15:00", "1", **named)
    deployed(story, "d", "03-05T16:00", "1", attempt=2, outcome="failure", impact=False, **other)
    tell(story, "progressed", "03-05T17:00", **other)
    with window(story, tmp_path) as view:
        row = only(view, "deployments", deployment="d")
    assert row["kind"] == "rollback"
    keys = [row["remediates_keys"], [row["rolls_back_key"]], [row["target_key"]]]
    assert [[key.rpartition(" ")[2] for key in each] for each in keys] == [["d0"], ["d1"], ["d0"]]


def test_r2_a_deployment_has_the_artifacts_of_all_its_components_once_each(tmp_path: Path) -> None:
    """And a component's configuration stands beside another one's, or for both."""
    story = Story()
    one, two = (artifact(name)["digest"] for name in ("c1", "c2"))
    for name, configs in (("d", (one, one)), ("e", (one, two))):
        for component, config in zip(("api", "web"), configs, strict=True):
            deployed(story, name, "03-05T10:00", artifacts=[artifact("both"), artifact(component)],
                     component=component, config=config)  # fmt: skip
    with window(story, tmp_path) as view:
        rows = [only(view, "deployments", deployment=name) for name in ("d", "e")]
    expected = sorted(artifact(name)["digest"] for name in ("api", "both", "web"))
    assert [row["artifacts"] for row in rows] == [expected] * 2
    assert [row["config"] for row in rows] == [one, " ".join(sorted((one, two)))]


def test_a_deployment_is_as_sure_as_the_least_sure_of_its_events(tmp_path: Path) -> None:
    """However sure the others are."""
    cases = [
        (["decided", "decided"], "decided"), (["observed", "decided"], "observed"),
        (["decided", "asserted", "observed"], "asserted"), (["asserted", "imported"], "imported"),
        (["observed"], "observed"),
    ]  # fmt: skip
    story = Story()
    for case, (told, _) in enumerate(cases):
        for number, assurance in enumerate(told, 1):
            deployed(story, str(case), f"03-05T1{number}:00", service=f"s{case}", attempt=number,
                     assurance=assurance)  # fmt: skip
    with window(story, tmp_path) as view:
        for case, (_, expected) in enumerate(cases):
            assert only(view, "deployments", deployment=str(case))["assurance"] == expected


def test_a_deployment_began_when_the_earliest_of_its_events_says(tmp_path: Path) -> None:
    """What was begun says so by its own time; an end by what it tells."""
    story = Story()
    tell(story, "started", "03-05T09:30")
    tell(story, "progressed", "03-05T09:10", first_exposed_at=when("03-05T09:50"))
    deployed(story, "d", "03-05T10:00", first_exposed_at=when("03-05T09:40"))
    deployed(story, "e", "03-06T10:00", started_at=when("03-06T09:20"))
    deployed(story, "e", "03-06T11:00", attempt=2, started_at=when("03-06T10:20"))
    with window(story, tmp_path) as view:
        rows = [only(view, "deployments", deployment=name) for name in ("d", "e")]
    assert [row["started_at"] for row in rows] == [instant("03-05T09:30"), instant("03-06T09:20")]
    assert rows[0]["first_exposed_at"] == instant("03-05T09:40")


def test_r4_attempts_are_counted_by_how_they_ended(tmp_path: Path) -> None:
    """All, the failed ones, and those of them that changed nothing."""
    story = Story()
    for number, impact in enumerate((False, False, True, None), 1):
        deployed(story, "d", f"03-05T1{number}:00", attempt=number, outcome="failure",
                 impact=impact)  # fmt: skip
    deployed(story, "d", "03-05T15:00", attempt=5)
    with window(story, tmp_path) as view:
        row = only(view, "deployments")
    names = ("attempts", "attempts_failed", "attempts_without_impact", "impact_unknown")
    assert [row[name] for name in names] == [5, 4, 2, True]
    assert row["harmed_at"] == instant("03-05T13:00")


def test_r14_what_was_assessed_of_a_deployment_stands_among_its_entries(tmp_path: Path) -> None:
    """It is told by them as well."""
    story = Story()
    deployed(story, "d", "03-05T10:00", outcome="failure")
    tell(story, "assessed", "03-06T10:00", impact=True)
    with window(story, tmp_path) as view:
        assert only(view, "deployments")["positions"] == [1, 2]
        assert only(view, "failures")["positions"] == [1, 2]


# R11


def positions(story: Story, folder: Path, name: str) -> list[int]:
    """The entries behind a failed deployment and its recovery."""
    with window(story, folder) as view:
        found: list[int] = only(view, "failures", deployment=name)["positions"]
    return found


def test_r11_what_recovered_a_deployment_is_named_by_its_entries(tmp_path: Path) -> None:
    """The next success of its line, and whatever blames it."""
    story = Story()
    deployed(story, "d", "03-05T10:00", "1", **FAILURE)
    deployed(story, "e", "03-05T11:00", "2")
    assert positions(story, tmp_path, "d") == [1, 2]
    deployed(story, "f", "03-05T12:00", "3", remediates=["d"])
    assert positions(story, tmp_path, "d") == [1, 2, 3]


def test_r11_of_two_that_ended_at_one_instant_the_one_told_first_recovered_it(
    tmp_path: Path,
) -> None:
    """Whichever way round their names stand."""
    story = Story()
    deployed(story, "d", "03-05T10:00", "1", **FAILURE)
    for name in "zyxabc":
        deployed(story, name, "03-05T11:00", name)
    assert positions(story, tmp_path, "d") == [1, 2]


def test_r11_of_what_incidents_recovered_no_deployment_is_named(tmp_path: Path) -> None:
    """But one that blames it is: it says that it failed."""
    story = Story()
    deployed(story, "d", "03-05T10:00", "1", **FAILURE)
    deployed(story, "e", "03-05T11:00", "2")
    impaired(story, "i", "03-05T10:10", restored="03-05T10:20", caused_by="d")
    assert positions(story, tmp_path, "d") == [1, 3, 4]
    deployed(story, "f", "03-05T12:00", "3", remediates=["d"])
    assert positions(story, tmp_path, "d") == [1, 3, 4, 5]


def test_r11_what_failed_itself_recovers_with_the_next_success_of_what_failed(
    tmp_path: Path,
) -> None:
    """In seconds, of a deployment that failed at ten and what came after it, service by service."""
    api: dict[str, Any] = {"component": "api"}
    web: dict[str, Any] = {"component": "web"}
    harmless: dict[str, Any] = {"outcome": "failure", "impact": False}
    again: dict[str, Any] = {"attempt": 2}
    third: dict[str, Any] = {"attempt": 3}
    cases: list[tuple[float, list[tuple[str, str, dict[str, Any]]]]] = [
        # An attempt that failed, one that succeeded.
        (1800, [("d", "10:10", again | harmless), ("d", "10:30", third)]),
        # What ended at the same instant did not come after it.
        (1800, [("d", "10:00", again), ("d", "10:30", third)]),
        (1800, [("e", "10:00", {}), ("f", "10:30", {})]),
        # What another source alone tells of.
        (1800, [("e", "10:15", {"source": "https://other.example"}), ("f", "10:30", {})]),
        # Another component that failed at the same instant, or later, as something else did.
        (1800, [("d", "10:00", web | harmless), ("d", "10:10", web | again),
                ("d", "10:30", api | again)]),
        (3600, [("d", "10:20", web | FAILURE), ("d", "10:30", web | again),
                ("d", "11:00", api | again)]),
    ]  # fmt: skip
    story = Story()
    deployed(story, "d", "03-05T10:20", service="at the same time", **FAILURE)
    for number, (_, told) in enumerate(cases):
        first: dict[str, Any] = api if "component" in told[0][2] else {}
        deployed(story, "d", "03-05T10:00", service=str(number), **first, **FAILURE)
        for name, at, more in told:
            deployed(story, name, f"03-05T{at}", service=str(number), **more)
    with window(story, tmp_path) as view:
        found = {row["service"]: row["recovery_s"] for row in view.table("failures").to_pylist()}
    assert [found[str(number)] for number in range(len(cases))] == [one for one, _ in cases]
