"""VUL-01: was it scanned before it was deployed, without open blocking findings?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from intake import severity
from projections.definitions import definitions
from tests.projections.controls.judging import Shop, digest, full_items, items, sha
from tests.projections.story import viewing

if TYPE_CHECKING:
    from pathlib import Path

TEST = "VUL-01"
SCA = {"required_scanners": ["sca"]}
FINE = ("satisfied", "scanned, without an open blocking finding")
STOPPED = ("violated", "a blocking finding is open")

SCANS: dict[str, tuple[dict[str, Any], tuple[str, str]]] = {
    "clean": ({}, FINE),
    "of-another-digest": ({"artifact": {"digest": digest("b")}}, ("violated", "not scanned")),
    "of-another-digest-of-the-same-commit": (
        {"artifact": {"digest": digest("b")}, "commit": sha("1")}, ("violated", "not scanned"),
    ),
    "by-another-kind-of-scanner": ({"kind": "sast"}, ("violated", "not scanned")),
    "of-no-kind": (
        {"kind": None},
        ("insufficient-evidence", "nobody says of which kind the scan is"),
    ),
    "one-second-late": ({"time": "03-10T11:00:01"}, ("violated", "scanned after it began")),
    "at-that-instant": ({"time": "03-10T11:00", "recorded": "03-10T11:00"}, FINE),
    "a-week-ago": ({"time": "03-03T11:00"}, FINE),
    "a-second-more-than-a-week-ago": (
        {"time": "03-03T10:59:59"}, ("violated", "the scan was too old"),
    ),
    "crashed": ({"outcome": "error"}, ("violated", "the scanner did not run to its end")),
    "with-errors-called-a-success": (
        {"errors": 1}, ("violated", "the scanner did not run to its end"),
    ),
    "of-changes-alone": (
        {"extent": "changes"},
        ("insufficient-evidence", "nothing shows that all of it was scanned"),
    ),
    "after-the-fact": (
        {"recorded": "03-10T12:00"}, ("insufficient-evidence", "the scan was recorded afterwards"),
    ),
    "without-a-time": (
        {"time_basis": "received"}, ("insufficient-evidence", "the scan has no time of its own"),
    ),
    "from-an-import": (
        {"assurance": "imported"}, ("insufficient-evidence", "the scan is too weakly assured"),
    ),
    "saying-nothing-of-findings": (
        {"findings_count": None, "counts": None},
        ("insufficient-evidence", "nobody knows what the scan found"),
    ),
    "counting-a-blocker": ({"counts": {"BLOCKER": 1, "major": 0}}, STOPPED),
    "counting-no-critical-one": ({"counts": {"CRITICAL": 0, "HIGH": 7}}, FINE),
    "counting-in-its-own-words": (
        {"counts": {"hits": 2}}, ("insufficient-evidence", "nobody says how grave a finding is"),
    ),
}  # fmt: skip

WEAK: dict[str, dict[str, Any]] = {
    "told-afterwards": {"recorded": "03-10T12:00"},
    "without-a-time": {"time_basis": "received"},
    "less-assured": {"assurance": "imported"},
}
"""Clean scans that do not show what was there before the deployment began."""


def test_each_way_in_which_a_scan_is_none_or_not_enough(tmp_path: Path) -> None:
    """Limits are kept to the second; an error is no clean scan."""
    shop = Shop()
    for name, (told, _) in SCANS.items():
        more = {key: one for key, one in told.items() if key != "time"}
        time = SCANS[name][0].get("time", "03-10T10:00")
        shop.build("02-01T09:00", name, "1", service=name)
        shop.scan(time, name, service=name, **more)
        shop.deploy(name, "03-10T11:00", name, service=name)
    found = items(shop, tmp_path, TEST, SCA)
    assert found == {name: expected for name, (_, expected) in SCANS.items()}


def test_what_is_found_stops_unless_a_waiver_names_it_and_holds(tmp_path: Path) -> None:
    """Suppressing in the tool is no waiver; a later scan of the same tool takes findings back."""
    shop = Shop()
    waivers: dict[str, dict[str, Any]] = {
        "by-rule": {"rules": ["CVE-1"]},
        "by-print": {"fingerprints": ["print CVE-1"], "test": "VUL-01"},
        "for-another-test": {"rules": ["CVE-1"], "test": "VUL-02"},
        "for-another-service": {"rules": ["CVE-1"], "services": ["other"]},
        "for-another-digest": {"rules": ["CVE-1"], "artifacts": [digest("else")]},
        "for-another-rule": {"rules": ["CVE-2"]},
        "ended-this-instant": {"rules": ["CVE-1"], "until": "03-10T11:00"},
        "granted-a-second-late": {"rules": ["CVE-1"], "time": "03-10T11:00:00"},
        "for-all-of-it": {},
    }
    for name, told in waivers.items():
        shop.waive(
            name, told.pop("time", "03-09T10:00"), told.pop("test", TEST),
            told.pop("until", "03-20T10:00"), **{"services": [name]} | told,
        )  # fmt: skip
        shop.scan("03-10T10:00", name, "critical CVE-1", "high CVE-9", service=name)
        shop.deploy(name, "03-10T11:00", name, service=name)
    told_scans: dict[str, list[tuple[str, tuple[str, ...], dict[str, Any]]]] = {
        "grave": [("10:00", ("critical CVE-1",), {})],
        "less-grave": [("10:00", ("high CVE-1",), {})],
        "ungraded": [("10:00", ("unknown CVE-1",), {})],
        "suppressed": [("10:00", ("!critical CVE-1",), {})],
        "mended": [("09:00", ("critical CVE-1",), {}), ("10:00", (), {})],
        "in-one-run-of-two": [("10:00", ("critical CVE-1",), {}), ("10:00", (), {})],
        "come-up": [("09:00", (), {}), ("10:00", ("critical CVE-1",), {})],
        "not-seen-by-another": [
            ("09:00", ("critical CVE-1",), {}), ("10:00", (), {"tool": "grype"}),
        ],
        "not-seen-in-changes": [
            ("09:00", ("critical CVE-1",), {}), ("10:00", (), {"extent": "changes"}),
        ],
        "taken-back-by-one-as-weak": [
            ("09:00", ("critical CVE-1",), {"time_basis": "received"}),
            ("10:00", (), {"time_basis": "received"}),
        ],
        "seen-before-it-crashed": [
            ("09:00", (), {}), ("10:00", ("critical CVE-1",), {"outcome": "error"}),
        ],
        "not-seen-after-a-crash": [
            ("09:00", ("critical CVE-1",), {"outcome": "error"}), ("10:00", (), {}),
        ],
        "crashed-without-a-word": [
            ("09:00", (), {}),
            ("10:00", (), {"outcome": "error", "findings_count": None, "counts": None}),
        ],
        "seen-by-a-weak-one": [
            ("09:00", (), {}), ("10:00", ("critical CVE-1",), {"time_basis": "received"}),
        ],
    }  # fmt: skip
    for name, more in WEAK.items():
        told_scans[f"not-taken-back-by-one-{name}"] = [
            ("09:00", ("critical CVE-1",), {}), ("10:00", (), more),
        ]  # fmt: skip
    for name, scans in told_scans.items():
        for time, rules, more in scans:
            shop.scan(f"03-10T{time}", name, *rules, service=name, **more)
        shop.deploy(name, "03-10T11:00", name, service=name)
    waived = ("excepted", "waived: a blocking finding is open")
    assert items(shop, tmp_path, TEST, SCA) == {
        "by-rule": waived, "by-print": waived, "for-another-test": STOPPED,
        "for-another-service": STOPPED, "for-another-digest": STOPPED,
        "for-another-rule": STOPPED, "ended-this-instant": STOPPED,
        "granted-a-second-late": STOPPED, "for-all-of-it": waived,
        "grave": STOPPED, "less-grave": FINE, "mended": FINE, "come-up": STOPPED,
        "in-one-run-of-two": STOPPED,
        "ungraded": ("insufficient-evidence", "nobody says how grave a finding is"),
        "suppressed": (
            "insufficient-evidence", "a blocking finding is suppressed, but not waived",
        ),
        "not-seen-by-another": STOPPED, "not-seen-in-changes": STOPPED,
        "taken-back-by-one-as-weak": (
            "insufficient-evidence", "the scan has no time of its own",
        ),
        "seen-by-a-weak-one": STOPPED,
        "seen-before-it-crashed": STOPPED, "not-seen-after-a-crash": FINE,
        "crashed-without-a-word": FINE,
    } | {f"not-taken-back-by-one-{name}": STOPPED for name in WEAK}  # fmt: skip


def test_each_digest_needs_each_scanner(tmp_path: Path) -> None:
    """One gap is enough."""
    shop = Shop()
    scan = shop.scan("03-10T10:00", "a", "critical CVE-1", assurance="decided")
    code = {"kind": "sast", "tool": "semgrep", "artifact": None, "commit": sha("1"),
            "assurance": "observed"}  # fmt: skip
    shop.build("03-10T09:00", "a", "1")
    shop.scan("03-10T10:00", "", **code)
    waiver = shop.waive("w", "03-10T10:30", TEST, "04-01T10:00", rules=["CVE-1"])
    shop.deploy("d1", "03-10T11:00", "a")
    shop.deploy("d2", "03-10T11:00", "a", "b", service="other")
    changed = {"required_scanners": ["sca", "sast"]}
    found = {row["item_key"].split()[-1]: row for row in full_items(shop, tmp_path, TEST, changed)}
    assert (found["d1"]["outcome"], found["d2"]["outcome"]) == ("excepted", "violated")
    assert found["d1"]["assurance"] == "asserted"
    assert {scan, waiver} < set(found["d1"]["positions"])
    assert (found["d1"]["waivers"], found["d2"]["waivers"]) == (["w"], [])
    missing = ("violated", "not scanned")
    assert items(shop, tmp_path, TEST) == {"d1": missing, "d2": missing}


def test_a_ledger_that_knows_of_no_scan_at_all_cannot_tell(tmp_path: Path) -> None:
    """Nor can one that does not say what was deployed."""
    shop = Shop()
    shop.deploy("d1", "03-10T11:00", "a")
    unknown = ("insufficient-evidence", "this ledger knows of no scan at all")
    assert items(shop, tmp_path, TEST) == {"d1": unknown}
    shop.deploy("d2", "03-10T12:00", artifacts=None)
    shop.scan("03-10T10:00", "b")
    assert items(shop, tmp_path, TEST) == {
        "d1": ("violated", "not scanned"),
        "d2": ("insufficient-evidence", "nobody says what was deployed"),
    }


def test_words_of_severity_are_those_of_the_readers_of_reports(tmp_path: Path) -> None:
    """Counts and documents are graded alike."""
    assert "severity_words" in definitions()
    with viewing(Shop(), tmp_path) as view:
        rows = view.table("severity_words").to_pylist()
    told = {row["word"]: row["severity"] for row in rows}
    assert told == {word: severity.of_word(word) for word in told}
    assert set(told) == set(severity._WORDS)
