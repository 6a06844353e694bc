"""Which deployments a name means, and by whose word: rules R2a, R3 and R8."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.projections.deploying import CONTROLLER
from tests.projections.telling import SOURCE, Story, deployed, impaired, window

if TYPE_CHECKING:
    from pathlib import Path

OTHER = "https://other.example"
# Service, id, source, content; who has the same content tells of the same deployment.
TOLD: list[tuple[str, str, str, str, dict[str, Any]]] = [
    ("shop", "a", SOURCE, "1", {}), ("shop", "b", SOURCE, "2", {}),
    # Other sources know both by other ids, or by one that is taken.
    ("shop", "sync", CONTROLLER, "1", {}), ("shop", "b", CONTROLLER, "1", {}),
    ("shop", "twin", CONTROLLER, "1", {}), ("shop", "twin", OTHER, "2", {}),
    ("shop", "lost", OTHER, "none of these", {}),
    ("pay", "only", SOURCE, "3", {}), ("pay", "only", CONTROLLER, "3", {}),
    ("pay", "both", SOURCE, "4", {}), ("cart", "both", SOURCE, "5", {}),
    ("cart", "a", SOURCE, "6", {}),
    ("shop", "c", SOURCE, "7", {"remediates": ["a", "a", "b"], "rolls_back": "a", "restores": "b"}),
    ("shop", "d", SOURCE, "8",
     {"remediates": ["sync", "twin", "lost", "nothing"], "rolls_back": "only", "restores": "both"}),
    ("shop", "e", CONTROLLER, "9", {"remediates": ["b", "a"]}),
    ("shop", "near", SOURCE, "10", {}), ("shop", "near", SOURCE, "11", {"environment": "test"}),
    ("pay", "far", SOURCE, "12", {"environment": "test"}), ("cart", "far", SOURCE, "13", {}),
]  # fmt: skip
NAMED = [
    ("shop c", "remediates", "a", "shop a"), ("shop c", "remediates", "b", "shop b"),
    ("shop c", "rolls_back", "a", "shop a"), ("shop c", "restores", "b", "shop b"),
    ("shop d", "remediates", "sync", "shop a"), ("shop d", "remediates", "twin", "shop b"),
    ("shop d", "remediates", "lost", None), ("shop d", "remediates", "nothing", None),
    ("shop d", "rolls_back", "only", "pay only"), ("shop d", "restores", "both", None),
    ("shop e", "remediates", "b", "shop a"), ("shop e", "remediates", "a", "shop a"),
]  # fmt: skip
# Service or services, environment, the cause's name, what it means.
CAUSES: list[tuple[list[str], str | None, str, list[str | None]]] = [
    (["shop"], "production", "a", ["shop a"]), (["pay"], "production", "only", ["pay only"]),
    (["shop", "cart"], "production", "a", ["shop a", "cart a"]),
    (["shop", "pay"], "production", "a", ["shop a"]),
    # Of the environment that is named, where there is one there.
    (["shop"], "production", "near", ["shop near"]), (["shop"], "test", "near", ["shop near test"]),
    (["shop"], "nowhere", "near", ["shop near", "shop near test"]),
    (["shop"], None, "near", ["shop near", "shop near test"]), (["shop"], None, "a", ["shop a"]),
    (["pay", "cart"], "production", "far", ["cart far"]),
    # Of another service only where one source alone uses the name, on however many lines.
    (["pay"], "production", "a", ["shop a", "cart a"]), (["pay"], "production", "b", [None]),
    (["pay"], "production", "sync", ["shop a"]), (["shop"], "production", "only", [None]),
    (["shop"], "production", "both", ["pay both", "cart both"]),
    (["shop"], "production", "nothing", [None]), ([], None, "both", ["pay both", "cart both"]),
]  # fmt: skip


def test_r3_r8_a_name_is_one_of_its_line_by_the_same_source_and_else_of_one_other(
    tmp_path: Path,
) -> None:
    """Each thing that is named is one row."""
    story = Story()
    for service, name, source, content, more in TOLD:
        deployed(story, name, "03-05T10:00", content, service=service, source=source, **more)
    for number, (services, environment, name, _) in enumerate(CAUSES):
        impaired(story, f"i{number}", "03-05T12:00", service=None, services=services or None,
                 environment=environment, caused_by=name)  # fmt: skip
    impaired(story, "without", "03-05T12:00")
    tables = ("deployment_links", "deployment_names", "deployment_totals", "incident_links")
    with window(story, tmp_path) as view:
        links, names, rows, causes = (view.table(name).to_pylist() for name in tables)
    keys = {None: None} | {
        row["deployment_key"]: f"{row['service']} {row['deployment']}"
        + ("" if row["environment"] == "production" else f" {row['environment']}")
        for row in rows
    }
    found = [
        (keys[row["deployment_key"]], row["link"], row["name"], keys[row["named_key"]])
        for row in links
    ]
    assert sorted(found, key=str) == sorted(NAMED, key=str)
    assert sorted(
        (row["service"], row["name"], row["source"], keys[row["deployment_key"]]) for row in names
    ) == sorted(
        [(service, name, SOURCE, f"{service} {name}" + (" test" if more.get("environment") else ""))
         for service, name, source, _, more in TOLD if source == SOURCE]
        + [("shop", "sync", CONTROLLER, "shop a"), ("shop", "b", CONTROLLER, "shop a"),
           ("shop", "twin", CONTROLLER, "shop a"), ("shop", "twin", OTHER, "shop b"),
           ("pay", "only", CONTROLLER, "pay only")]
    )  # fmt: skip
    said = [(row["incident_key"].rpartition(" ")[2], keys[row["deployment_key"]]) for row in causes]
    assert sorted(said, key=str) == sorted(
        ((f"i{number}", one) for number, (*_, meant) in enumerate(CAUSES) for one in meant),
        key=str,
    )
