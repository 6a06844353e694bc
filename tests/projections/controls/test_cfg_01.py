"""CFG-01: was everything scanned against its baseline, often enough, with nothing open?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.projections.controls.judging import Shop, digest, items

if TYPE_CHECKING:
    from pathlib import Path

TEST = "CFG-01"
FINE = ("satisfied", "scanned, and nothing is open")
STALE = ("violated", "not scanned for longer than its limit")
OPEN = ("violated", "an item that failed is open")


def scan(shop: Shop, time: str, target: str, *found: str, **more: Any) -> int:  # noqa: ANN401
    """A scan of one machine; of what it lists each is `status rule`, after `!` suppressed."""
    rows = [
        {"tool": "bench", "status": one.lstrip("!").split()[0], "rule": one.split()[-1],
         "suppressed": one.startswith("!") or None}
        for one in found
    ]  # fmt: skip
    data: dict[str, Any] = {
        "kind": "baseline", "tool": "bench", "target": target, "outcome": "success",
        "environment": "production", "benchmark": "cis-1.9", "profile": "Level 1",
        "findings_count": len(rows), "found": rows or None,
        "findings": digest(time) if rows else None,
    }  # fmt: skip
    return shop.say("scan.finished", time, **(data | more))


SCANS: dict[str, tuple[list[tuple[str, tuple[str, ...], dict[str, Any]]], tuple[str, str]]] = {
    "sound": ([("03-20T10:00", ("PASS 1.1", "INFO 1.2"), {})], FINE),
    "thirty-days-ago": ([("03-02T10:00", (), {})], FINE),
    "a-second-more": ([("03-02T09:59:59", (), {})], STALE),
    "with-a-gap": ([("01-10T10:00", (), {}), ("03-20T10:00", (), {})], STALE),
    "crashed-since": (
        [("03-01T10:00", (), {}), ("03-20T10:00", (), {"outcome": "error"})], STALE,
    ),
    "failing": ([("03-20T10:00", ("FAIL 9.9",), {})], OPEN),
    "mended": ([("03-20T10:00", ("FAIL 9.9",), {}), ("03-21T10:00", ("PASS 9.9",), {})], FINE),
    "not-seen-by-another-tool": (
        [("03-20T10:00", ("FAIL 9.9",), {}), ("03-21T10:00", (), {"tool": "other"})], OPEN,
    ),
    "not-seen-by-a-weaker-one": (
        [("03-20T10:00", ("FAIL 9.9",), {"assurance": "observed"}), ("03-21T10:00", (), {})], OPEN,
    ),
    "not-seen-by-one-told-afterwards": (
        [("03-20T10:00", ("FAIL 9.9",), {}), ("03-21T10:00", (), {"recorded": "03-25T10:00"})],
        OPEN,
    ),
    "not-seen-in-changes": (
        [("03-20T10:00", ("FAIL 9.9",), {}), ("03-21T10:00", (), {"extent": "changes"})], OPEN,
    ),
    "looked-at-changes-since": (
        [("03-01T10:00", (), {}), ("03-21T10:00", (), {"extent": "changes"})], STALE,
    ),
    "failing-before-it-crashed": (
        [("03-20T10:00", (), {}), ("03-21T10:00", ("FAIL 9.9",), {"outcome": "error"})], OPEN,
    ),
    "crashed-without-a-word": (
        [("03-20T10:00", (), {}),
         ("03-21T10:00", (), {"outcome": "error", "findings_count": None})], FINE,
    ),
    "mended-after-a-crash": (
        [("03-20T10:00", ("FAIL 9.9",), {"outcome": "error"}), ("03-21T10:00", (), {})], FINE,
    ),
    "manual-by-another-tool": (
        [("03-20T10:00", ("WARN 2.1",), {"tool": "other"}), ("03-21T10:00", (), {})],
        ("insufficient-evidence", "items are left to be looked at by hand"),
    ),
    "manual": (
        [("03-20T10:00", ("WARN 2.1",), {})],
        ("insufficient-evidence", "items are left to be looked at by hand"),
    ),
    "suppressed": (
        [("03-20T10:00", ("!FAIL 2.1",), {})],
        ("insufficient-evidence", "an item that failed is suppressed, but not waived"),
    ),
    "waived": (
        [("03-20T10:00", ("FAIL 1.7",), {})], ("excepted", "waived: an item that failed is open"),
    ),
    "waived-in-part": ([("03-20T10:00", ("FAIL 1.7", "FAIL 1.9"), {})], OPEN),
    "waived-until-now": ([("03-20T10:00", ("FAIL 1.8",), {})], OPEN),
    "counted": ([("03-20T10:00", (), {"counts": {"pass": 9, "fail": 0, "warn": 0}})], FINE),
    "counted-failures": (
        [("03-20T10:00", (), {"findings_count": None, "counts": {"pass": 9, "FAIL": 1}})], OPEN,
    ),
    "untold": (
        [("03-20T10:00", (), {"findings_count": None})],
        ("insufficient-evidence", "nobody knows what the scan found"),
    ),
    "level-2": ([("03-20T10:00", (), {"profile": "Level 2 - Server"})], FINE),
    "level-1-by-id": (
        [("03-20T10:00", (), {"profile": "xccdf_org.cisecurity_profile_Level_1_-_Server"})], FINE,
    ),
    "level-1-in-short": (
        [("03-20T10:00", (), {"profile": "content_profile_cis_server_l1"})], FINE,
    ),
    "level-2-in-short": ([("03-20T10:00", (), {"profile": "cis_workstation_l2"})], FINE),
    "no-level": (
        [("03-20T10:00", (), {"profile": "k8s-cis-1.23"})],
        ("insufficient-evidence", "nobody says against which level of its profile"),
    ),
    "a-lower-level": (
        [("03-20T10:00", (), {"profile": "Level 0"})],
        ("violated", "scanned against another profile"),
    ),
    "no-profile": (
        [("03-20T10:00", (), {"profile": None})],
        ("insufficient-evidence", "nobody says against which profile"),
    ),
    "no-benchmark": (
        [("03-20T10:00", (), {"benchmark": None})],
        ("insufficient-evidence", "nobody says against which benchmark"),
    ),
    "told-afterwards": (
        [("03-20T10:00", (), {"recorded": "03-25T10:00"})],
        ("insufficient-evidence", "the scan was recorded afterwards"),
    ),
    "bridged-in-hindsight": (
        [("02-01T10:00", (), {}), ("02-25T10:00", (), {"recorded": "03-22T10:00"}),
         ("03-20T10:00", (), {})],
        ("insufficient-evidence", "an earlier scan is no proof of when it was"),
    ),
    "from-an-import": (
        [("03-20T10:00", (), {"assurance": "imported"})],
        ("insufficient-evidence", "the scan is too weakly assured"),
    ),
}  # fmt: skip


def test_each_way_in_which_a_scan_is_none_or_not_enough(tmp_path: Path) -> None:
    """As of 1 April, 10:00."""
    shop = Shop()
    for name, (told, _) in SCANS.items():
        for time, found, more in told:
            scan(shop, time, name, *found, **more)
    shop.waive("w1", "03-21T10:00", TEST, "06-01T10:00", rules=["1.7"])
    shop.waive("w2", "03-21T10:00", TEST, "04-01T10:00", rules=["1.8"])
    shop.waive("w3", "03-21T10:00", "VUL-01", "06-01T10:00", rules=["1.9"])
    shop.build("04-01T09:59:59", "a", "1")
    assert items(shop, tmp_path, TEST) == {name: expected for name, (_, expected) in SCANS.items()}


def test_environments_of_production_must_be_named_by_scans(tmp_path: Path) -> None:
    """Silence is no pass, and what no tool tells is no violation."""
    shop = Shop()
    for name in ("production", "production-eu", "staging"):
        shop.deploy("d1", "03-01T10:00", "a", environment=name)
    unknown = ("insufficient-evidence", "this ledger knows of no scan of a baseline at all")
    assert items(shop, tmp_path, TEST) == {"production": unknown, "production-eu": unknown}
    scan(shop, "03-20T10:00", "machine")
    assert items(shop, tmp_path, TEST) == {
        "machine": FINE, "production-eu": ("violated", "never scanned against a baseline"),
    }  # fmt: skip
    scan(shop, "03-20T10:00", "other", environment=None)
    assert items(shop, tmp_path, TEST)["production-eu"] == (
        "insufficient-evidence", "nobody says which environment was scanned",
    )  # fmt: skip
