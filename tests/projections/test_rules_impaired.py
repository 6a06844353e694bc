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


TILL, MONEY = dict.fromkeys(("i", "k", "told"), "till"), dict.fromkeys(("f", "derived"), "money")
NIGHT = dict.fromkeys("bhj", "night")
# What is asked for, and the groups in which each incident of the answer stands.
CHOSEN: list[tuple[dict[str, str], dict[str, str]]] = [
    ({}, dict.fromkeys(
        ("a", "b", "c", "d", "e", "f", "h", "i", "j", "k", "l", "told", "derived"), "",
    )),
    ({"group_by": "service"}, {
        "a": "cart pay shop", "b": "shop", "c": "", "d": "", "e": "bare", "f": "pay", "h": "shop",
        "i": "cart", "j": "shop", "k": "shop", "l": "ghost", "told": "shop", "derived": "pay",
    }),
    ({"group_by": "team"},
     {"a": "money till", "c": "", "d": "", "e": "", "l": ""} | TILL | MONEY | NIGHT),
    ({"group_by": "repository"}, {
        "a": "r1 r3", "b": "r9", "c": "", "d": "", "e": "r4", "f": "r1 r3", "h": "r9", "i": "",
        "j": "r9", "k": "r1", "l": "", "told": "r1", "derived": "r1 r3",
    }),
    ({"group_by": "environment"}, {
        "c": "", "e": "", "f": "blue",
    } | dict.fromkeys(
        ("a", "b", "d", "h", "i", "j", "k", "l", "told", "derived"), "production",
    )),
    ({"service": "pay", "group_by": "team"}, {"a": "money"} | MONEY),
    ({"team": "till", "group_by": "service"},
     {"a": "cart shop", "i": "cart", "k": "shop", "told": "shop"}),
    # Nobody but the incident tells of it.
    ({"service": "ghost", "group_by": "service"}, {"l": "ghost"}),
    ({"repository": "r3", "group_by": "repository"}, dict.fromkeys(("a", "f", "derived"), "r3")),
    ({"repository": "r1", "group_by": "service"},
     {"a": "pay shop", "f": "pay", "k": "shop", "told": "shop", "derived": "pay"}),
    # It holds only what is deployed.
    ({"repository": "r2"}, {}),
    ({"environment": "blue"}, {"f": ""}),
    ({"service": "shop", "team": "night", "group_by": "team"}, NIGHT),
]  # fmt: skip


def test_r12_r13_an_answer_is_about_incidents_of_production_in_the_groups_of_what_is_asked_for(
    tmp_path: Path,
) -> None:
    """Each once in a group, by whoever had its services when it began, or else ended."""
    story = organisation()
    blue, silent = {"environment": "blue"}, {"environment": None}
    told: list[tuple[str, str, dict[str, Any]]] = [
        ("a", "05T10:00", {"services": ["shop", "pay", "cart"]}), ("b", "25T10:00", {}),
        ("c", "05T10:00", {"service": None} | silent), ("d", "05T10:00", {"service": None}),
        ("e", "05T10:00", {"service": "bare"} | silent), ("i", "05T10:00", {"service": "cart"}),
        ("f", "12T10:00", {"service": "pay"} | blue), ("g", "25T10:00", {"service": "pay"} | blue),
        ("j", "20T00:00", {}), ("k", "19T23:59:59", {"resolved": "03-21T10:00"}),
        ("l", "05T10:00", {"service": "ghost"}), ("alert f", "05T10:00", {"source": PAGER}),
    ]  # fmt: skip
    for name, at, more in told:
        impaired(story, name, f"03-{at}", **more)
    said(story, "resolved", "03-20T00:00", "h", service="shop", environment="production")
    story.tell("source.registered", when("03-01T00:00"), name="pager", kind="alertmanager",
               credential="crd_" + "b" * 32, incident_when={"rule": "Down"})  # fmt: skip
    story.tell("alert.fired", when("03-05T10:00"), source=PAGER, fingerprint="f", rule="Down",
               service="pay", environment="production")  # fmt: skip
    for asked, expected in CHOSEN:
        found: dict[str, list[str]] = {}
        with window(story, tmp_path, **asked) as view:
            for row in view.table("chosen_incidents").to_pylist():
                name = row["incident"].replace("alert f", "told")
                found.setdefault("derived" if row["derived"] else name, []).append(row["group_key"])
        assert {name: " ".join(sorted(groups)) for name, groups in found.items()} == expected, asked
