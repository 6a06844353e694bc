"""SEC-03 and SEC-04: is each reading of a secret somebody's, and were exposed ones revoked?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.projections.controls.judging import ANNA, Shop, full_items, items

if TYPE_CHECKING:
    from pathlib import Path


def test_each_reading_is_somebodys_under_a_grant(tmp_path: Path) -> None:
    """What is not is an item of its own."""
    shop = Shop()
    shop.deploy("d0", "02-01T10:00", "a", environment="staging")
    policies: dict[str, Any] = {"accessor": ANNA, "policies": ["shop"], "outcome": "success"}
    first = shop.say("secret.accessed", "03-01T10:00", path="p", **policies)
    last = shop.say("secret.accessed", "03-02T10:00", path="p", environment="production",
                    **policies)  # fmt: skip
    job: dict[str, Any] = {"accessor": None, "workload": "deployer", "policies": None, "run": "r1"}
    by_job = shop.say("secret.accessed", "03-02T10:00", path="q", **policies | job)
    cases: list[tuple[dict[str, Any], str, str]] = [
        ({"accessor": None}, "violated", "nobody knows who read it"),
        ({"policies": ["root"]}, "violated", "read with the rights of root"),
        ({"policies": None}, "insufficient-evidence", "nobody says under which grant or for what"),
        ({"assurance": "imported"}, "insufficient-evidence", "it is too weakly assured"),
    ]  # fmt: skip
    expected = {
        shop.say("secret.accessed", "03-03T10:00", path="p", **policies | more): (outcome, reason)
        for more, outcome, reason in cases
    }
    shop.say("secret.accessed", "03-03T10:00", path="p", outcome="failure")
    shop.say("secret.accessed", "03-03T10:00", path="p", outcome="success", environment="staging")
    found = {
        tuple(row["positions"]): (row["outcome"], row["reason"])
        for row in full_items(shop, tmp_path, "SEC-03")
    }
    fine = ("satisfied", "read by somebody, under a grant")
    assert found == {(first, last): fine, (by_job,): fine} | {
        (position,): word for position, word in expected.items()
    }


SCANS: dict[str, tuple[tuple[str, ...], dict[str, Any], tuple[str, str]]] = {
    "clean": ((), {}, ("satisfied", "no secret was found")),
    "live": (("high key",), {}, ("violated", "a secret was found, and none was revoked")),
    "waived": (("high sample",), {}, ("excepted", "waived: a secret was found")),
    "waived-elsewhere": (("high other",), {},
                         ("violated", "a secret was found, and none was revoked")),
    "suppressed": (("!high key",), {}, (
        "insufficient-evidence", "a secret was found and suppressed, but not waived",
    )),
    "answered": (("high key",), {}, (
        "insufficient-evidence", "a secret was revoked, but nothing says that it was this one",
    )),
    "answered-late": (("high key",), {}, ("violated", "a secret was found, and none was revoked")),
    "crashed": ((), {"outcome": "error"}, ("violated", "the scanner did not run to its end")),
    "untold": ((), {"counts": None, "findings_count": None},
               ("insufficient-evidence", "nobody knows what the scan found")),
    "fresh": (("high key",), {"time": "03-19T10:00"},
              ("not-applicable", "a secret was found; its time is not over yet")),
}  # fmt: skip


def test_what_a_scan_found_was_revoked_or_waived(tmp_path: Path) -> None:
    """As of 20 March, 10:00; twenty-four hours are kept to the second."""
    shop = Shop()
    shop.waive("w1", "02-01T10:00", "SEC-04", "06-01T10:00", rules=["sample"])
    shop.waive("w2", "02-01T10:00", "SEC-04", "06-01T10:00", rules=["other"], services=["x"])
    for name, (rules, more, _) in SCANS.items():
        told = {"kind": "secret", "service": name} | more
        shop.scan(told.pop("time", "03-01T10:00"), name, *rules, **told)
    for name, time in (("answered", "03-02T10:00"), ("answered-late", "03-02T10:00:01")):
        shop.say("secret.revoked", time, path="p", service=name, suspected_compromise=True)
    shop.say("secret.revoked", "03-01T11:00", path="p", service="live")
    for service in ("x", "y"):
        shop.build("02-01T10:00", "shared", "1", service=service)
    shop.scan("03-01T10:00", "shared", "high other", kind="secret", service=None)
    shop.build("03-20T09:59:59", "a", "1")
    rows = full_items(shop, tmp_path, "SEC-04")
    found = {row["service"]: (row["outcome"], row["reason"]) for row in rows}
    assert found.pop(None) == SCANS["live"][2], "a waiver for one of two services"
    assert found == {name: expected for name, (_, _, expected) in SCANS.items()}
    assert len(items(shop, tmp_path, "SEC-04")) == len(SCANS) + 1
