"""Incidents as whole rows: what was said last, where, whose, and from when to when."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.projections.telling import Story, impaired, instant, when, window

if TYPE_CHECKING:
    from pathlib import Path

PAGER = "https://pager.example"
HOUR = 3600


def organisation() -> Story:
    """Four services, one of which changes hands, and a place that is production for ten days."""
    story = Story()
    for day, service, team, repositories in (
        (1, "shop", "till", [{"repository": "r1"}, {"repository": "r2", "role": "manifests"}]),
        (1, "pay", "money", [{"repository": "r1"}, {"repository": "r3"}]),
        (1, "cart", "till", None), (1, "bare", None, [{"repository": "r4"}]),
        (20, "shop", "night", [{"repository": "r9"}]),
    ):  # fmt: skip
        story.tell("service.registered", when(f"03-{day:02d}T00:00"), service=service, team=team,
                   repositories=repositories)  # fmt: skip
    for day, tier in ((10, "production"), (20, "staging")):
        story.tell("environment.registered", when("03-01T00:00"), environment="blue", tier=tier,
                   effective_from=when(f"03-{day}T00:00"))  # fmt: skip
    return story


def said(story: Story, what: str, at: str, name: str, **more: Any) -> int:  # noqa: ANN401 - JSON
    """Something was said of an incident."""
    return story.tell(f"incident.{what}", when(at), incident=name, **more)


def columns(story: Story, folder: Path, *names: str) -> dict[tuple[str, bool], tuple[Any, ...]]:
    """Some columns of incidents, by name and by whether they are derived."""
    with window(story, folder) as view:
        rows = view.table("incidents").to_pylist()
    found = {(row["incident"], row["derived"]): tuple(row[name] for name in names) for row in rows}
    assert len(found) == len(rows)
    return found


def test_r14_what_was_said_last_of_an_incident_holds(tmp_path: Path) -> None:
    """All services that were ever named are touched by it, and their teams and repositories."""
    story = organisation()
    first = said(
        story, "opened", "03-05T10:00", "i", started_at=when("03-05T09:00"), service="shop",
        detected_at=when("03-05T09:30"), services=["cart", "bare", "shop"], environment="blue",
        severity="low", category="availability", cause="a", caused_by="x", ticket="T1",
    )  # fmt: skip
    said(story, "acknowledged", "03-05T10:20", "i")
    said(story, "acknowledged", "03-05T10:10", "i")
    last = said(
        story, "assessed", "03-05T10:30", "i", service="pay", environment="production",
        severity="high", category="security", cause="b", caused_by="y", ticket="T2",
    )  # fmt: skip
    assert columns(
        story, tmp_path, "service", "services", "environment", "tier", "team", "teams",
        "repositories", "severity", "category", "cause", "caused_by", "ticket", "acknowledged_at",
        "positions",
    ) == {
        ("i", False): (
            "pay", ["bare", "cart", "pay", "shop"], "production", "production", "money",
            ["money", "till"], ["r1", "r3", "r4"], "high", "security", "b", "y", "T2",
            instant("03-05T10:10"), [*range(first, last + 1)],
        ),
    }  # fmt: skip


def test_r12_an_incident_is_of_the_time_of_its_beginning_else_of_its_end(tmp_path: Path) -> None:
    """Whoever had the service then, and whatever the place was; to the second."""
    story = organisation()
    blue = {"environment": "blue"}
    said(story, "resolved", "03-20T00:00", "silent", service="shop", **blue)
    impaired(story, "edge", "03-10T00:00", **blue)
    impaired(story, "over", "03-20T00:00", **blue)
    impaired(story, "ghost", "03-19T00:00", service="ghost", environment="nowhere",
             restored="03-18T00:00")  # fmt: skip
    impaired(story, "again", "03-05T10:00", restored="03-05T11:00")
    impaired(story, "twice", "03-05T10:00", resolved="03-05T11:00")
    for name, at, what in (
        ("again", "03-06T10:00", "reopened"), ("again", "03-06T12:00", "resolved"),
        ("again", "03-21T10:00", "reopened"),
        ("twice", "03-21T10:00", "reopened"), ("twice", "03-21T11:00", "restored"),
    ):  # fmt: skip
        said(story, what, at, name)
    told = ("tier", "teams", "repositories", "team", "started_at", "restored_at", "resolved_at",
            "ended_at", "impaired_s", "episodes")  # fmt: skip
    day_shop, night_shop = (["till"], ["r1"]), (["night"], ["r9"])
    start, night, over = (instant(one) for one in ("03-05T10:00", "03-20T00:00", "03-21T11:00"))
    assert columns(story, tmp_path, *told) == {
        ("silent", False): ("staging", *night_shop, "night", None, None, night, night, None, 1),
        ("edge", False): (
            "production", *day_shop, "till", instant("03-10T00:00"), None, None, None, None, 1,
        ),
        ("over", False): ("staging", *night_shop, "night", night, None, None, None, None, 1),
        ("ghost", False): (
            None, [], [], None, instant("03-19T00:00"), instant("03-18T00:00"), None,
            instant("03-18T00:00"), 0, 1,
        ),
        ("again", False): ("production", *day_shop, "till", start, None, None, None, None, 3),
        ("twice", False): ("production", *day_shop, "till", start, over, None, over, 2 * HOUR, 2),
    }  # fmt: skip


def test_r12_an_incident_of_alerts_is_another_than_one_that_is_called_so(tmp_path: Path) -> None:
    """What its last firing said holds, and all services that fired are touched by it."""
    story = organisation()
    story.tell("source.registered", when("03-01T00:00"), name="pager", kind="alertmanager",
               credential="crd_" + "b" * 32, incident_when={"rule": "Down"})  # fmt: skip
    impaired(story, "alert f", "03-05T10:00", source=PAGER)
    said(story, "restored", "03-05T10:30", "alert f", source=PAGER)
    impaired(story, "g", "03-05T10:00", source=PAGER)
    firings: list[tuple[int, str, dict[str, Any]]] = [
        (21, "f", {"service": "shop", "severity": "low", "environment": "production"}),
        (22, "f", {"service": "shop", "severity": "low", "environment": "production"}),
        (23, "f", {}),
        (24, "f", {"service": "pay", "severity": "critical", "environment": "blue"}),
        (25, "g", {}),
    ]
    positions: dict[str, list[int]] = {"f": [], "g": []}
    for day, name, more in firings:
        for what, minute in (("fired", 0), ("resolved", 30)):
            positions[name].append(
                story.tell(f"alert.{what}", when(f"03-{day}T10:{minute:02d}"), source=PAGER,
                           fingerprint=name, rule="Down", **more)
            )  # fmt: skip
    found = columns(story, tmp_path, "service", "services", "tier", "teams", "repositories",
                    "severity", "impaired_s", "episodes")  # fmt: skip
    assert found == {
        ("alert f", False): (
            "shop", ["shop"], "production", ["till"], ["r1"], None, HOUR / 2, 1,
        ),
        ("g", False): ("shop", ["shop"], "production", ["till"], ["r1"], None, None, 1),
        ("f", True): (
            "pay", ["pay", "shop"], "staging", ["money", "night"], ["r1", "r3", "r9"], "critical",
            2 * HOUR, 4,
        ),
        ("g", True): (None, [], None, [], [], None, HOUR / 2, 1),
    }  # fmt: skip
    told = columns(story, tmp_path, "positions")
    assert told["f", True] == (positions["f"],)
    assert told["g", True] == (positions["g"],)
