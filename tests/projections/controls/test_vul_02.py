"""VUL-02: were findings mended in time?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from domain.instant import read_time
from tests.projections.controls.judging import Shop, full_items

if TYPE_CHECKING:
    from pathlib import Path

TEST = "VUL-02"
# A critical finding of 1 March has until 31 March.
FOUND, DUE, LATE = "03-01T10:00", "03-31T10:00", "03-31T10:00:01"
CLOSED = ("satisfied", "closed in time")
OPEN = ("violated", "open beyond its limit")
WAIVED = ("excepted", "waived: open beyond its limit")


def judged(shop: Shop, folder: Path, **chosen: Any) -> dict[str, tuple[str, str]]:  # noqa: ANN401
    """What became of the finding of each service."""
    rows = full_items(shop, folder, TEST, **chosen)
    return {row["service"]: (row["outcome"], row["reason"]) for row in rows}


SCANNED: dict[str, tuple[str, dict[str, Any], tuple[str, str]]] = {
    "in-time": ("03-20T10:00", {}, CLOSED),
    "at-its-limit": (DUE, {}, CLOSED),
    "a-second-late": (LATE, {}, ("violated", "closed late")),
    "by-another-tool": ("03-20T10:00", {"tool": "grype"}, OPEN),
    "by-changes-alone": ("03-20T10:00", {"extent": "changes"}, OPEN),
    "by-a-crash": ("03-20T10:00", {"outcome": "error"}, OPEN),
    "told-in-april": (
        "03-20T10:00", {"recorded": "04-03T10:00"},
        ("insufficient-evidence", "the scan that closed it was recorded afterwards"),
    ),
    "told-late-but-before-its-limit": ("03-20T10:00", {"recorded": DUE}, CLOSED),
    "without-a-time": (
        "03-20T10:00", {"time_basis": "received"},
        ("insufficient-evidence", "the scan that closed it has no time of its own"),
    ),
    "from-an-import": (
        "03-20T10:00", {"assurance": "imported"},
        ("insufficient-evidence", "the scan that closed it is too weakly assured"),
    ),
}  # fmt: skip


def test_a_finding_is_gone_in_time_or_late(tmp_path: Path) -> None:
    """To the second, shown by a full scan of the same tool, and told in time."""
    shop = Shop()
    for name, (time, more, _) in SCANNED.items():
        shop.scan(FOUND, "a", "critical CVE-1", service=name)
        shop.scan(time, "b", service=name, **more)
    shop.scan("04-05T10:00", "a", "high CVE-9", service="last")
    found = judged(shop, tmp_path)
    assert found.pop("last") == ("satisfied", "open, within its limit")
    assert found == {name: expected for name, (_, _, expected) in SCANNED.items()}


def test_severity_gives_the_days_and_exceptions_hold_without_a_break(tmp_path: Path) -> None:
    """A waiver that ended, or came after the limit, is none."""
    shop = Shop()
    graves = {
        "critical": OPEN, "high": ("satisfied", "open, within its limit"),
        "info": ("not-applicable", "no limit for findings of this severity"),
        "unknown": ("insufficient-evidence", "nobody says how grave it is"),
    }  # fmt: skip
    for name in graves:
        shop.scan(FOUND, "a", f"{name} CVE-1", service=name)
    shop.scan(FOUND, "a", "!critical CVE-1", service="suppressed")
    claimed = {"service": "dated-in-the-future", "recorded": FOUND}
    shop.scan("04-02T10:00", "a", "critical CVE-1", **claimed)
    gone = shop.scan(FOUND, "a", "critical CVE-1", service="redacted")
    waivers: dict[str, list[tuple[str, str, dict[str, Any]]]] = {
        "rule": [("03-05T10:00", "06-01T10:00", {"rules": ["CVE-1"]})],
        "print": [("03-05T10:00", "06-01T10:00", {"fingerprints": ["print CVE-1"]})],
        "whole": [("03-05T10:00", "06-01T10:00", {})],
        "renewed": [
            ("03-05T10:00", "04-01T10:00", {"rules": ["CVE-1"]}),
            ("03-31T10:00", "06-01T10:00", {"rules": ["CVE-1"]}),
        ],
        "with-a-gap": [
            ("03-05T10:00", "04-01T10:00", {}), ("04-02T10:00", "06-01T10:00", {}),
        ],
        "after-the-limit": [("04-01T10:00", "06-01T10:00", {"rules": ["CVE-1"]})],
        "ended-this-instant": [("03-05T10:00", "04-05T10:00", {"rules": ["CVE-1"]})],
        "of-another-rule": [("03-05T10:00", "06-01T10:00", {"rules": ["CVE-2"]})],
    }  # fmt: skip
    for name, told in waivers.items():
        shop.scan(FOUND, "a", "critical CVE-1", service=name)
        for number, (time, until, more) in enumerate(told):
            shop.waive(f"{name} {number}", time, TEST, until, services=[name], **more)
    shop.redact(gone, "findings")
    shop.build("04-05T09:59:59", "a", "1")
    found = judged(shop, tmp_path)
    redacted = [service for service, (_, reason) in found.items() if "redacted" in reason]
    assert redacted == ["redacted"]
    assert found == graves | {
        "suppressed": ("insufficient-evidence", "suppressed, but not waived"),
        "dated-in-the-future": OPEN,
        "redacted": ("insufficient-evidence", "what was found is redacted"),
        "rule": WAIVED, "print": WAIVED, "whole": WAIVED, "renewed": WAIVED,
        "with-a-gap": OPEN, "after-the-limit": OPEN, "of-another-rule": OPEN,
        "ended-this-instant": OPEN,
    }  # fmt: skip


def test_a_window_holds_what_was_open_in_it_and_judges_as_of_its_end(tmp_path: Path) -> None:
    """What was closed before is not there, what comes after does not count."""
    shop = Shop()
    for name, closed in (
        ("before", "03-10T10:00"),
        ("in", "04-20T10:00"),
        ("after", "06-01T10:00"),
    ):
        shop.scan(FOUND, "a", "medium CVE-1", service=name)
        shop.scan(closed, "a", service=name)
    window: dict[str, Any] = {
        "window_from": read_time("2026-04-01T00:00:00Z", ""),
        "window_to": read_time("2026-05-01T00:00:00Z", ""),
    }
    assert judged(shop, tmp_path, **window) == {
        "in": CLOSED, "after": ("satisfied", "open, within its limit"),
    }  # fmt: skip
    assert judged(shop, tmp_path, changed={"sla_days": {"medium": 40}}, **window) == {
        "in": ("violated", "closed late"), "after": OPEN,
    }  # fmt: skip


def test_a_finding_that_came_back_is_judged_each_time(tmp_path: Path) -> None:
    """Coming back makes nothing of having been closed late."""
    shop = Shop()
    first = shop.scan(FOUND, "a", "critical CVE-1")
    last = shop.scan("03-10T10:00", "a", "critical CVE-1")
    gone = shop.scan(LATE, "a")
    again = shop.scan("04-10T10:00", "a", "critical CVE-1")
    found = {tuple(row["positions"]): row["reason"] for row in full_items(shop, tmp_path, TEST)}
    assert found == {(first, last, gone): "closed late", (again,): "open, within its limit"}
