"""Why a deployment is a failed one, reason by reason, each one row: rule R8."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.projections.deploying import CONTROLLER
from tests.projections.telling import BAD, Story, deployed, impaired, window

if TYPE_CHECKING:
    from pathlib import Path

Reason = tuple[str, str, str | None, str | None]
"""Deployment, rule, by which deployment, by which incident."""

QUIET: dict[str, Any] = {"outcome": "failure", "impact": False}
SHOP: dict[str, dict[str, Any]] = {
    "harmed": BAD, "good": {}, "quiet": QUIET,
    "back": {"rolls_back": "good", "remediates": ["harmed"]},
    "back in vain": BAD | {"rolls_back": "good", "remediates": ["good"]},
    "back from nothing": {"rolls_back": "quiet", "remediates": ["quiet"]},
    "fixed": {"remediates": ["good", "harmed"]}, "fixed in vain": BAD | {"remediates": ["good"]},
    "planned": {"remediates": ["good"], "kind": "planned"},
    # What the line's source does not tell blames nobody, and is not to blame.
    "told elsewhere": BAD | {"source": CONTROLLER},
    "fixed elsewhere": {"remediates": ["good"], "source": CONTROLLER},
    "back elsewhere": {"rolls_back": "good", "source": CONTROLLER},
}  # fmt: skip
REASONS: list[Reason] = [
    ("harmed", "F1", None, None), ("back in vain", "F1", None, None),
    ("fixed in vain", "F1", None, None), ("good", "F2", None, "of good"),
    ("good", "F2", None, "also of good"), ("good", "F3", "back", None),
    ("harmed", "F4", "back", None), ("good", "F4", "fixed", None), ("harmed", "F4", "fixed", None),
]  # fmt: skip
# Service, then what was deployed and when, what began when, and which of them it is put down to.
INFERRED: dict[str, tuple[list[tuple[str, str, dict[str, Any]]], str, dict[str, Any], str | None]]
INFERRED = {
    "at once": ([("1", "05T10:00", {})], "05T10:00", {}, "1"),
    "just before": ([("1", "05T10:00", {})], "05T09:59:59", {}, None),
    "in time": ([("1", "05T10:00", {})], "06T09:59:59", {}, "1"),
    "late": ([("1", "05T10:00", {})], "06T10:00", {}, None),
    "latest": ([("1", "05T10:00", {}), ("2", "05T11:00", {})], "05T12:00", {}, "2"),
    "told last": ([("1", "05T10:00", {}), ("2", "05T10:00", {})], "05T12:00", {}, "2"),
    "harmed after": ([("1", "05T10:00", {}), ("2", "05T11:00", BAD)], "05T12:00", {}, "1"),
    "same after": ([("1", "05T10:00", {}), ("1", "05T11:00", {})], "05T12:00", {}, "1"),
    "from outside": ([("1", "05T10:00", {})], "05T12:00", {"cause": "external"}, None),
    "from inside": ([("1", "05T10:00", {})], "05T12:00", {"cause": "change"}, "1"),
    "not here": ([("1", "05T10:00", {})], "05T12:00", {"environment": "test"}, None),
    "explained": ([("1", "05T10:00", {})], "05T12:00", {"caused_by": "nothing"}, None),
}  # fmt: skip


def test_r8_each_reason_for_which_a_deployment_failed(tmp_path: Path) -> None:
    """What is stated, and what is inferred from when something began."""
    story, expected = Story(), list(REASONS)
    for day, (name, more) in enumerate(SHOP.items(), 2):
        deployed(story, name, f"03-{day:02d}T10:00", name, **more)
    for name in ("good", "quiet", "told elsewhere"):
        impaired(story, f"of {name}", "03-05T12:00", caused_by=name)
    impaired(story, "also of good", "03-25T12:00", caused_by="good")
    for service, (steps, began, more, blamed) in INFERRED.items():
        for number, (content, at, told) in enumerate(steps):
            name = f"{service} {content}" if number == 0 or content != "1" else f"{service} again"
            deployed(story, name, f"03-{at}", content, service=service, **told)
            if told == BAD:
                expected.append((name, "F1", None, None))
        impaired(story, service, f"03-{began}", **({"service": service} | more))
        if blamed:
            expected.append((f"{service} {blamed}", "F5", None, service))
    # Of two services at once.
    for service in ("one", "two"):
        deployed(story, service, "03-05T10:00", "1", service=service)
        expected.append((service, "F5", None, "of both"))
    impaired(story, "of both", "03-05T11:00", service=None, services=["one", "two"])
    with window(story, tmp_path) as view:
        rows, deployments, incidents = (
            view.table(name).to_pylist() for name in ("failure_reasons", "deployments", "incidents")
        )
    names = {None: None} | {row["deployment_key"]: row["deployment"] for row in deployments}
    names |= {row["incident_key"]: row["incident"] for row in incidents}
    found = [
        (names[row["deployment_key"]], row["rule"], names[row["by_key"]],
         names[row["incident_key"]])
        for row in rows
    ]  # fmt: skip
    assert sorted(found, key=str) == sorted(expected, key=str)
