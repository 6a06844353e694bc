"""What a deployment is, where it counts and of which kind it is: rules R0 to R4, R14, R15."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from tests.projections.telling import (
    SOURCE,
    Story,
    artifact,
    commit,
    deployed,
    failed,
    instant,
    kinds,
    only,
    when,
    window,
)

if TYPE_CHECKING:
    from pathlib import Path

    from projections.engine import View

CONTROLLER = "https://controller.example"


def counts(view: View, name: str, **wanted: Any) -> bool:  # noqa: ANN401 - JSON
    """Whether a deployment stands in D."""
    row = only(view, "deployments", deployment=name, **wanted)
    return bool(row["counted"] and row["tier"] == "production")


def tier(story: Story, environment: str, tier: str, since: str | None = None) -> int:
    """Somebody says of which tier an environment is."""
    return story.tell(
        "environment.registered", when("03-20T00:00"), environment=environment, tier=tier,
        effective_from=when(since) if since else None,
    )  # fmt: skip


def gaps(view: View) -> dict[tuple[str, str], int]:
    """What the window leaves out."""
    rows = view.table("window_gaps").to_pylist()
    return {(row["gap"], row["name"]): row["items"] for row in rows}


# R0, time


def test_r0_a_deployment_counts_when_it_happened_and_not_when_it_was_told(tmp_path: Path) -> None:
    """The ledger took it in a year later."""
    story = Story()
    late = datetime(2027, 3, 1, tzinfo=UTC)
    story.tell("deployment.finished", when("03-05T10:00"), at=late, deployment="d", service="shop",
               environment="production", outcome="success")  # fmt: skip
    with window(story, tmp_path) as view:
        assert only(view, "dora")["deployments"] == 1


@pytest.mark.parametrize(
    ("finished", "expected"), [("03-02T00:00", 1), ("03-08T23:59:59", 1), ("03-09T00:00", 0)]
)
def test_r0_a_window_has_its_first_instant_and_not_its_end(
    tmp_path: Path, finished: str, expected: int
) -> None:
    """Half-open."""
    story = Story()
    deployed(story, "d", finished)
    with window(story, tmp_path, "03-02T00:00", "03-09T00:00") as view:
        assert only(view, "dora")["deployments"] == expected


# R1, lines and tiers


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("prod", "production"), ("Production", "production"), ("prd", "production"),
        ("live", "production"), ("prod-eu", "production"), ("production/blue", "production"),
        ("preprod", "staging"), ("non-prod", None), ("prod-dr", None), ("prod-test", None),
        ("dr", "dr"), ("staging", "staging"), ("review/12", "preview"), ("blue", None),
        ("products", None), ("dev.eu", "development"),
    ],
)  # fmt: skip
def test_r1_the_name_of_an_environment_suggests_its_tier(
    tmp_path: Path, name: str, found: str | None
) -> None:
    """Only where it is that word, or goes on after a mark."""
    story = Story()
    deployed(story, "d", "03-05T10:00", environment=name)
    with window(story, tmp_path) as view:
        assert only(view, "deployments")["tier"] == found
        assert only(view, "dora")["deployments"] == int(found == "production")
        assert (("unknown tier", name) in gaps(view)) == (found is None)


def test_r1_the_tier_in_effect_at_the_finish_decides(tmp_path: Path) -> None:
    """What is registered holds from the instant that it says."""
    story = Story()
    deployed(story, "before", "03-05T09:59:59", environment="blue")
    deployed(story, "after", "03-05T10:00", environment="blue")
    tier(story, "blue", "production", "03-05T10:00")
    with window(story, tmp_path) as view:
        assert (counts(view, "before"), counts(view, "after")) == (False, True)
        assert gaps(view) == {("unknown tier", "blue"): 1}


def test_r1_a_later_statement_covers_an_earlier_one_from_its_beginning_on(tmp_path: Path) -> None:
    """Also what the earlier one said of times after that."""
    story = Story()
    for day in (1, 5, 9):
        deployed(story, f"d{day}", f"03-{day:02d}T10:00", environment="blue")
    tier(story, "blue", "production", "03-01T00:00")
    tier(story, "blue", "staging", "03-08T00:00")
    tier(story, "blue", "dr", "03-04T00:00")
    with window(story, tmp_path) as view:
        tiers = {row["deployment"]: row["tier"] for row in view.table("deployments").to_pylist()}
        assert tiers == {"d1": "production", "d5": "dr", "d9": "dr"}
        spans = view.table("environments").sort_by("effective_from").to_pylist()
        assert [(row["tier"], row["position"]) for row in spans] == [
            (None, None), ("production", 4), ("dr", 6),
        ]  # fmt: skip


def test_r1_two_lines_are_two_however_their_names_are_put_together(tmp_path: Path) -> None:
    """The sign between service and environment may stand in either."""
    story = Story()
    deployed(story, "d", "03-05T10:00", "x", service="a", environment="prod/b@c")
    deployed(story, "d", "03-05T11:00", "x", service="a@prod/b", environment="c")
    with window(story, tmp_path) as view:
        assert kinds(view) == ["planned", "planned"]


# R2: identity, attempts, components


def test_r2_an_id_is_its_source_s_and_its_line_s(tmp_path: Path) -> None:
    """The same one elsewhere is another deployment."""
    story = Story()
    deployed(story, "7", "03-05T10:00", "x")
    deployed(story, "7", "03-05T11:00", "y", environment="staging")
    deployed(story, "7", "03-05T12:00", "z", service="pay")
    deployed(story, "7", "03-05T13:00", "q", source=CONTROLLER)
    with window(story, tmp_path) as view:
        assert view.table("deployments").num_rows == 4
        assert only(view, "dora")["deployments"] == 2


@pytest.mark.parametrize("first", [None, "x", "y"])
def test_r2_an_attempt_with_another_build_is_of_the_same_component(
    tmp_path: Path, first: str | None
) -> None:
    """Also where the one that failed told no artifact."""
    story = Story()
    deployed(story, "d", "03-05T10:00", first, outcome="failure", impact=False)
    deployed(story, "d", "03-05T10:20", "x", attempt=2)
    with window(story, tmp_path) as view:
        row = only(view, "deployments")
    assert (row["succeeded"], row["components"], row["attempts"]) == (True, 1, 2)
    assert row["artifacts"] == [artifact("x")["digest"]]


def test_r2_several_artifacts_of_one_attempt_are_components(tmp_path: Path) -> None:
    """Without a name they are told apart by what they are; each must succeed."""
    story = Story()
    deployed(story, "d", "03-05T10:00", "api", outcome="failure", impact=False)
    deployed(story, "d", "03-05T10:05", "web")
    deployed(story, "d", "03-05T10:20", "api", attempt=2)
    deployed(story, "e", "03-06T10:00", "api", outcome="failure", impact=False)
    deployed(story, "e", "03-06T10:05", "web")
    with window(story, tmp_path) as view:
        whole = only(view, "deployments", deployment="d")
        half = only(view, "deployments", deployment="e")
    assert (whole["succeeded"], whole["components"]) == (True, 2)
    assert whole["finished_at"] == instant("03-05T10:20")
    assert (half["succeeded"], half["finished_at"]) == (False, instant("03-06T10:05"))


def test_r2_a_component_succeeded_when_it_first_did(tmp_path: Path) -> None:
    """A later attempt does not move the finish."""
    story = Story()
    deployed(story, "d", "03-05T10:00", "x")
    deployed(story, "d", "03-05T12:00", "x", attempt=2)
    with window(story, tmp_path) as view:
        assert only(view, "deployments")["finished_at"] == instant("03-05T10:00")


@pytest.mark.parametrize("outcome", ["cancelled", "skipped"])
@pytest.mark.parametrize(
    ("more", "found"),
    [
        ({}, None), ({"impact": False}, None), ({"impact": True}, True),
        ({"first_exposed_at": when("03-05T09:00")}, True),
        ({"targets": [{"site": "eu", "outcome": "success"}]}, True),
        ({"targets": [{"site": "eu", "outcome": "cancelled"}]}, None),
    ],
)  # fmt: skip
def test_r2_cancelled_before_the_target_changed_is_no_deployment(
    tmp_path: Path,
    outcome: str,
    more: dict[str, Any],
    found: bool | None,  # noqa: FBT001 - a value of the table above
) -> None:
    """And after it, one that failed with impact."""
    story = Story()
    deployed(story, "d", "03-05T10:00", "x", outcome=outcome, **more)
    with window(story, tmp_path) as view:
        rows = view.table("deployments").to_pylist()
    assert [row["counted"] for row in rows] == ([] if found is None else [found])


# R2a: one source a line


def test_r2a_the_source_seen_first_is_the_line_s(tmp_path: Path) -> None:
    """By position, not by the instant of what it tells."""
    story = Story()
    deployed(story, "a", "03-05T12:00", "x")
    deployed(story, "b", "03-05T10:00", "y", source=CONTROLLER)
    with window(story, tmp_path) as view:
        assert (counts(view, "a"), counts(view, "b")) == (True, False)
        assert only(view, "deployments", deployment="b")["line_source"] == SOURCE
        assert gaps(view) == {("unmatched report", CONTROLLER): 1}


def test_r2a_a_registered_source_counts_from_its_date_on(tmp_path: Path) -> None:
    """And the one before it until then."""
    story = Story()
    for day in (2, 8):
        deployed(story, f"a{day}", f"03-{day:02d}T10:00", f"x{day}")
        deployed(story, f"b{day}", f"03-{day:02d}T10:01", f"x{day}", source=CONTROLLER)
    story.tell("service.registered", when("03-20T00:00"), service="shop",
               deployment_source={"production": CONTROLLER},
               effective_from=when("03-05T00:00"))  # fmt: skip
    with window(story, tmp_path) as view:
        found = {name for name in ("a2", "b2", "a8", "b8") if counts(view, name)}
    assert found == {"a2", "b8"}


def test_r2a_what_a_later_statement_does_not_name_stays_as_it_was(tmp_path: Path) -> None:
    """A team is not lost because somebody registers a source."""
    story = Story()
    deployed(story, "d", "03-05T10:00", "x")
    story.tell("service.registered", when("03-20T00:00"), service="shop", team="till")
    story.tell("service.registered", when("03-21T00:00"), service="shop",
               deployment_source={"staging": CONTROLLER},
               effective_from=when("03-01T00:00"))  # fmt: skip
    with window(story, tmp_path) as view:
        assert only(view, "deployments")["team"] == "till"


@pytest.mark.parametrize("live", [SOURCE, CONTROLLER])
def test_r2a_what_was_imported_is_the_line_until_the_first_live_deployment(
    tmp_path: Path, live: str
) -> None:
    """Whether the source tells its own history or another one's was imported."""
    story = Story()
    for day in (1, 3, 7):
        deployed(story, f"i{day}", f"03-{day:02d}T10:00", f"x{day}", assurance="imported")
    deployed(story, "l5", "03-05T10:00", "x5", source=live)
    deployed(story, "l7", "03-07T10:00", "x7", source=live)
    with window(story, tmp_path) as view:
        found = {name for name in ("i1", "i3", "i7", "l5", "l7") if counts(view, name)}
    assert found == {"i1", "i3", "l5", "l7"}


def test_r2a_of_two_imports_the_first_is_the_line(tmp_path: Path) -> None:
    """The other one corroborates."""
    story = Story()
    deployed(story, "a", "03-05T10:00", "x", assurance="imported")
    deployed(story, "b", "03-05T10:01", "x", assurance="imported", source=CONTROLLER)
    with window(story, tmp_path) as view:
        assert (counts(view, "a"), counts(view, "b")) == (True, False)
        assert only(view, "deployments", deployment="a")["corroborations"] == 1


@pytest.mark.parametrize(
    ("started", "finished", "content", "matches"),
    [
        (None, "03-05T11:00", "x", True), (None, "03-05T11:00:01", "x", False),
        (None, "03-05T10:30", "y", False), ("03-05T09:59", "03-05T14:00", "x", True),
    ],
)  # fmt: skip
def test_r2a_a_report_matches_what_it_overlaps_or_ends_within_an_hour_of(
    tmp_path: Path, started: str | None, finished: str, content: str, *, matches: bool
) -> None:
    """And has the artifact in common."""
    story = Story()
    deployed(story, "a", "03-05T10:00", "x")
    deployed(story, "b", finished, content, source=CONTROLLER,
             started_at=when(started) if started else None)  # fmt: skip
    with window(story, tmp_path) as view:
        assert only(view, "corroborations")["is_difference"] is not matches


def test_r2a_an_id_of_a_report_that_matches_names_the_deployment(tmp_path: Path) -> None:
    """A hotfix that knows the controller's id of what it remedies."""
    story = Story()
    deployed(story, "a", "03-05T10:00", "x")
    deployed(story, "sync-9", "03-05T10:01", "x", source=CONTROLLER)
    deployed(story, "b", "03-05T12:00", "y", remediates=["sync-9"])
    with window(story, tmp_path) as view:
        assert failed(view) == {"a"}


# R3, kinds


@pytest.mark.parametrize(
    ("more", "kind"),
    [
        ({}, "redeploy"), ({"kind": "planned"}, "planned"), ({"kind": "rollback"}, "rollback"),
        ({"remediates": ["a"]}, "hotfix"), ({"config": artifact("c")["digest"]}, "planned"),
        ({"remediates": ["a"], "kind": "planned"}, "planned"),
    ],
)  # fmt: skip
def test_r3_what_is_stated_wins_over_what_is_inferred(
    tmp_path: Path, more: dict[str, Any], kind: str
) -> None:
    """The same artifact again."""
    story = Story()
    deployed(story, "a", "03-05T10:00", "x")
    deployed(story, "b", "03-05T11:00", "x", **more)
    with window(story, tmp_path) as view:
        assert kinds(view) == ["planned", kind]


@pytest.mark.parametrize(
    ("contents", "expected"),
    [
        # Nobody says what was deployed.
        ([{}, {}], ["planned", "planned"]),
        # The commit stands for the artifact where there is none.
        ([{"commit": commit("1")}, {"commit": commit("1")}], ["planned", "redeploy"]),
        # A version may be used again for other bytes, but coming back is coming back.
        ([{"release": "1"}, {"release": "1"}], ["planned", "planned"]),
        ([{"release": "1"}, {"release": "2"}, {"release": "1"}],
         ["planned", "planned", "rollback"]),
        # Absent and present differ.
        ([{"commit": commit("1")}, {"commit": commit("1"), "artifact": artifact("1")}],
         ["planned", "planned"]),
    ],
)  # fmt: skip
def test_r3_contents_are_compared_by_what_is_told_of_them(
    tmp_path: Path, contents: list[dict[str, Any]], expected: list[str]
) -> None:
    """Artifacts, else the commit, else the version."""
    story = Story()
    for number, told in enumerate(contents):
        deployed(story, f"d{number}", f"03-05T{10 + number}:00", **told)
    with window(story, tmp_path) as view:
        assert kinds(view) == expected


def sequence(*steps: tuple[str, dict[str, Any]]) -> Story:
    """Deployments d1, d2 … of one line, an hour apart."""
    story = Story()
    for number, (content, more) in enumerate(steps, 1):
        deployed(story, f"d{number}", f"03-05T{9 + number:02d}:00", content, **more)
    return story


BAD: dict[str, Any] = {"outcome": "failure", "impact": True}
R, P, D = "rollback", "planned", "redeploy"


@pytest.mark.parametrize(
    ("steps", "expected", "blamed"),
    [
        # To and fro: each return is planned, and each going back is one more rollback.
        ("12121", [P, P, R, P, R], {"d2", "d4"}),
        ("123121", [P, P, P, R, R, P], {"d2", "d3"}),
        ("1231", [P, P, P, R], {"d2"}),
        # A redeploy between changes nothing.
        ("12112", [P, P, R, D, P], {"d2"}),
        ("1122", [P, D, P, D], set()),
        # Failures: f2 is content 2, failed with impact.
        ("1f21", [P, P, R], {"d2"}),
        ("12f11", [P, P, R, R], {"d2", "d3"}),
        # It failed, so the line has been rolled back from 2 all the same.
        ("12f12", [P, P, R, P], {"d3"}),
        # What never succeeded is nothing to go back to.
        ("1f232", [P, P, P, P], {"d2"}),
        ("f11", [P, P], {"d1"}),
    ],
)  # fmt: skip
def test_r3_a_sequence_without_kinds(
    tmp_path: Path, steps: str, expected: list[str], blamed: set[str]
) -> None:
    """Each is read as if by hand."""
    told: list[tuple[str, dict[str, Any]]] = []
    for at, one in enumerate(steps):
        if one != "f":
            told.append((one, BAD if steps[at - 1 : at] == "f" else {}))
    with window(sequence(*told), tmp_path) as view:
        assert kinds(view) == expected
        assert failed(view) == blamed


def test_r3_only_a_rollback_is_one_again_when_it_is_tried_again(tmp_path: Path) -> None:
    """What failed as a hotfix and comes without a word is planned."""
    story = sequence(("1", {}), ("2", BAD | {"kind": "hotfix"}), ("2", {}))
    with window(story, tmp_path) as view:
        assert kinds(view) == [P, "hotfix", P]


def test_r3_a_stated_rollback_that_is_tried_again_was_rolled_back_from_the_same(
    tmp_path: Path,
) -> None:
    """So returning to that is planned."""
    back = {"kind": "rollback"}
    story = sequence(("1", {}), ("2", {}), ("1", BAD | back), ("1", back), ("2", {}))
    with window(story, tmp_path) as view:
        assert kinds(view) == [P, P, R, R, P]


def test_r3_without_inference_only_what_is_stated_is_a_rollback(tmp_path: Path) -> None:
    """`infer_rollback` of false; a redeploy is still one."""
    story = sequence(("1", {}), ("2", {}), ("1", {}), ("1", {}), ("2", {"kind": "rollback"}))
    with window(story, tmp_path, infer_rollback=False) as view:
        assert kinds(view) == [P, P, P, D, R]


def test_r3_a_rollback_goes_back_to_what_it_names(tmp_path: Path) -> None:
    """Not to the latest with that content."""
    story = sequence(("1", {}), ("2", {}), ("1", {"kind": P}), ("3", {}), ("1", {"restores": "d1"}))
    with window(story, tmp_path) as view:
        row = only(view, "deployments", deployment="d5")
        assert (row["kind"], row["target_key"].rpartition(" ")[2]) == (R, "d1")
        assert failed(view) == {"d2"}


# R4: what counts


def test_r4_a_failed_attempt_with_impact_counts_also_of_a_redeploy(tmp_path: Path) -> None:
    """Whatever came of the deployment in the end."""
    story = sequence(("1", {}), ("1", BAD))
    deployed(story, "d2", "03-05T12:00", "1", attempt=2)
    with window(story, tmp_path) as view:
        row = only(view, "deployments", deployment="d2")
        assert (row["kind"], row["succeeded"], row["counted"]) == (D, True, True)
        assert failed(view) == {"d2"}


def test_r4_failed_attempts_are_counted_by_what_they_did(tmp_path: Path) -> None:
    """With impact in D, without beside it, and where nobody says in the upper bound."""
    story = sequence(
        ("1", {}), ("2", BAD), ("3", BAD | {"impact": False}), ("4", BAD | {"impact": "unknown"}),
        ("5", {"outcome": "error"}),
    )  # fmt: skip
    with window(story, tmp_path) as view:
        dora = only(view, "dora")
    assert (dora["counted"], dora["attempts_failed"], dora["impact_unknown"]) == (2, 1, 2)
    assert (dora["change_fail_rate"], dora["change_fail_rate_upper"]) == (0.5, 0.75)


def test_r4_an_attempt_of_unstated_impact_adds_to_f_of_the_upper_bound_only(
    tmp_path: Path,
) -> None:
    """Where its deployment is in D already."""
    story = sequence(("1", {}), ("2", {"outcome": "failure"}))
    deployed(story, "d2", "03-05T12:00", "2", attempt=2)
    with window(story, tmp_path) as view:
        dora = only(view, "dora")
    assert (dora["counted"], dora["failed"], dora["upper_counted"], dora["upper_failed"]) == (
        2, 0, 2, 1,
    )  # fmt: skip


@pytest.mark.parametrize(("chosen", "expected"), [({}, 1), ({"count_redeploys": True}, 3)])
def test_r4_redeploys_count_where_that_is_chosen(
    tmp_path: Path, chosen: dict[str, Any], expected: int
) -> None:
    """The split is always of the whole."""
    with window(sequence(("1", {}), ("1", {}), ("1", {})), tmp_path, **chosen) as view:
        dora = only(view, "dora")
    split = [dora[name] for name in ("planned", "hotfixes", "rollbacks", "redeploys")]
    assert (dora["deployments"], sum(split)) == (expected, expected)


# R14, corrections


def assess(story: Story, name: str, source: str = SOURCE, **more: Any) -> int:  # noqa: ANN401
    """A deployment is assessed."""
    return story.tell(
        "deployment.assessed", when("03-20T10:00"), source=source, deployment=name, **more
    )


def test_r14_the_latest_assessment_holds(tmp_path: Path) -> None:
    """By position; each of what it says by itself."""
    story = sequence(("1", {}), ("2", {"outcome": "failure"}), ("3", {"remediates": ["d1"]}))
    first = assess(story, "d2", impact=True, remediates=["d1"])
    assess(story, "d2", impact=False)
    last = assess(story, "d2", impact="unknown", service="shop")
    assess(story, "d3", remediates=[])
    for known_at, counted in ((first - 1, False), (first, True), (last - 1, False), (last, False)):
        with window(story, tmp_path, known_at=known_at) as view:
            assert counts(view, "d2") is counted
    with window(story, tmp_path) as view:
        row = only(view, "deployments", deployment="d2")
        assert (row["impact_unknown"], row["attempts"]) == (True, 1)
        assert only(view, "deployments", deployment="d3")["kind"] == P
        assert failed(view) == set()


def test_r14_an_assessment_is_of_its_own_source_s_deployment(tmp_path: Path) -> None:
    """Or of the service that it names; else, where several use the id, of none."""
    for more, expected in (
        ({}, {"mine"}), ({"source": "https://desk.example"}, set()),
        ({"source": "https://desk.example", "service": "yours"}, {"yours"}),
    ):  # fmt: skip
        story = Story()
        deployed(story, "7", "03-05T10:00", "x", service="mine", **BAD | {"impact": None})
        deployed(story, "7", "03-05T10:00", "y", service="yours", source=CONTROLLER,
                 **BAD | {"impact": None})  # fmt: skip
        assess(story, "7", impact=True, **more)
        with window(story, tmp_path) as view:
            rows = view.table("deployments").to_pylist()
            assert {row["service"] for row in rows if row["harmed_at"]} == expected


def test_r14_what_was_voided_counts_no_more_and_is_listed(tmp_path: Path) -> None:
    """From the position of the voiding on."""
    story = Story()
    deployed(story, "a", "03-05T10:00", "x")
    wrong = deployed(story, "b", "03-05T11:00", "y")
    story.tell("event.voided", when("03-06T10:00"), assurance="decided", position=wrong, reason="n")
    for known_at, expected in ((wrong, 2), (wrong + 1, 1)):
        with window(story, tmp_path, known_at=known_at) as view:
            assert only(view, "dora")["deployments"] == expected
    with window(story, tmp_path) as view:
        assert gaps(view) == {("voided", "deployment"): 1}


def test_r14_what_was_redacted_is_missing_and_said_to_be(tmp_path: Path) -> None:
    """Nobody can tell any more when it was."""
    story = Story()
    gone = deployed(story, "a", "03-05T10:00", "x")
    story.redact(gone)
    with window(story, tmp_path) as view:
        assert only(view, "dora")["deployments"] == 0
        assert gaps(view) == {("redacted", "deployment"): 1}


# R15: step by step, site by site


@pytest.mark.parametrize(
    ("targets", "harmed", "unknown"),
    [
        ([{"site": "eu", "share": 0.1}, {"site": "us", "outcome": "cancelled"}], True, False),
        ([{"site": "eu", "outcome": "success"}, {"site": "us", "outcome": "failure"}], True, False),
        ([{"site": "eu", "share": 0}, {"site": "us", "outcome": "skipped"}], False, False),
        # It failed there; whether that changed anything, nobody says.
        ([{"site": "eu", "outcome": "failure"}], False, True),
        ([], False, True),
    ],
)  # fmt: skip
def test_r15_what_reached_a_target_had_impact(
    tmp_path: Path, targets: list[dict[str, Any]], *, harmed: bool, unknown: bool
) -> None:
    """And what reached none had not."""
    story = Story()
    deployed(story, "d", "03-05T10:00", "x", outcome="failure", targets=targets)
    with window(story, tmp_path) as view:
        row = only(view, "deployments")
    assert (row["harmed_at"] is not None, row["impact_unknown"]) == (harmed, unknown)


def test_r15_an_earlier_event_of_the_attempt_may_tell_that_it_was_exposed(tmp_path: Path) -> None:
    """Of this attempt, not of another one."""
    story = Story()
    for attempt, share in ((1, 0.2), (2, 0)):
        story.tell("deployment.progressed", when(f"03-05T1{attempt}:00"), deployment=f"d{attempt}",
                   service="shop", environment="production", attempt=attempt,
                   targets=[{"site": "eu", "share": share}])  # fmt: skip
        deployed(story, f"d{attempt}", f"03-05T1{attempt}:30", "x", outcome="failure",
                 attempt=attempt)  # fmt: skip
    with window(story, tmp_path) as view:
        found = {row["deployment"]: row["counted"] for row in view.table("deployments").to_pylist()}
    assert found == {"d1": True, "d2": False}
