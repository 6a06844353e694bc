"""CFG-02: did what went to production run somewhere else first?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.projections.controls.judging import BERT, Shop, items

if TYPE_CHECKING:
    from pathlib import Path

TEST = "CFG-02"
PASSED = ("satisfied", "ran elsewhere before")
STRAIGHT = ("violated", "straight to production")


def test_the_same_digest_ran_elsewhere_before(tmp_path: Path) -> None:
    """And each way in which that is not so, or not shown."""
    shop = Shop()
    told: dict[str, dict[str, Any]] = {
        "promoted": {},
        "in-a-test-environment": {"environment": "qa"},
        "failed-there": {"outcome": "failure"},
        "cancelled-there": {"outcome": "cancelled"},
        "a-second-late": {"time": "03-01T11:00:01"},
        "this-very-second": {"time": "03-01T11:00", "recorded": "03-01T11:00"},
        "recorded-late": {"recorded": "03-01T12:01"},
        "undated": {"time_basis": "received", "recorded": "03-01T11:30"},
        "undated-but-in-the-ledger": {"time_basis": "received"},
        "where-nobody-knows": {"environment": "blue"},
        "at-the-site-for-disasters": {"environment": "dr"},
        "in-production-elsewhere": {"environment": "prod-eu"},
        "called-staging-now": {"environment": "prod-us"},
        "called-staging-since-ever": {"environment": "prod-ap"},
        "observed": {"assurance": "observed"},
    }
    for name, one in told.items():
        more = {key: value for key, value in one.items() if key != "time"}
        shop.deploy(f"before-{name}", one.get("time", "03-01T10:00"), name,
                    **{"environment": "staging", "service": f"s-{name}"} | more)  # fmt: skip
    for name in (*told, "straight"):
        shop.deploy(name, "03-01T11:00", name, service=name)
    shop.deploy("half", "03-01T11:00", "promoted", "straight")
    shop.deploy("no-digest", "03-01T11:00", service="no-digest", release="1")
    shop.deploy("waived", "03-01T11:00", "w", service="waived")
    shop.waive("w1", "03-01T10:00", TEST, until="03-10T10:00", services=["waived"])
    for name, since in (("prod-us", "03-02"), ("prod-ap", "01-01")):
        shop.say(
            "environment.registered", "03-05T10:00", environment=name, tier="staging",
            effective_from=f"2026-{since}T00:00:00Z", assurance="decided", second=BERT,
        )  # fmt: skip
    found = items(shop, tmp_path, TEST, service=None)
    unshown = ("insufficient-evidence", "nothing shows that it ran elsewhere before")
    assert {name: one for name, one in found.items() if not name.startswith("before-")} == {
        "promoted": PASSED,
        "in-a-test-environment": PASSED,
        "failed-there": ("violated", "failed wherever it was tried"),
        "cancelled-there": STRAIGHT,
        "a-second-late": ("violated", "ran elsewhere only afterwards"),
        "this-very-second": PASSED,
        "recorded-late": unshown,
        "undated": unshown,
        "undated-but-in-the-ledger": PASSED,
        "where-nobody-knows": (
            "insufficient-evidence", "ran before where nobody says what the environment is for",
        ),
        "at-the-site-for-disasters": STRAIGHT,
        "in-production-elsewhere": STRAIGHT,
        "called-staging-now": STRAIGHT,
        "called-staging-since-ever": STRAIGHT,
        "observed": PASSED,
        "straight": STRAIGHT,
        "half": STRAIGHT,
        "no-digest": ("insufficient-evidence", "nobody says which digest was deployed"),
        "waived": ("excepted", f"waived: {STRAIGHT[1]}"),
    }  # fmt: skip
    production = ("in-production-elsewhere", "called-staging-now", "called-staging-since-ever")
    assert {found[f"before-{name}"] for name in production} == {STRAIGHT}
    strict = items(shop, tmp_path, TEST, {"least_assurance": "observed"})
    assert strict["observed"] == PASSED
    assert strict["promoted"] == (
        "insufficient-evidence", "the assurance that it ran elsewhere is too low",
    )  # fmt: skip


def test_a_ledger_that_knows_of_no_other_environment_cannot_tell(tmp_path: Path) -> None:
    """Perhaps nobody told of the others."""
    shop = Shop()
    shop.deploy("one", "03-01T11:00", "a")
    assert items(shop, tmp_path, TEST) == {
        "one": (
            "insufficient-evidence", "this ledger knows of no deployment to any other environment",
        )
    }  # fmt: skip
