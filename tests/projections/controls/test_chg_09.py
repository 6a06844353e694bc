"""CHG-09: were failures rolled back or mended in time, and rollbacks to what was approved?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.projections.controls.judging import ANNA, Shop, items, sha

if TYPE_CHECKING:
    from pathlib import Path

TEST = "CHG-09"
MENDED = ("satisfied", "rolled back or mended in time")
BACK = ("satisfied", "back to what was approved, and names what it takes back")


class Failures(Shop):
    """Deployments of services called alike; what fails, fails at 10:00 of 1 March."""

    def ship(self, name: str, time: str = "03-01T10:00", content: str = "new", **more: Any) -> None:  # noqa: ANN401
        """A deployment of a service's content."""
        service = more.pop("service", name)
        self.deploy(name, time, f"{content} of {service}", service=service, **more)

    def fail(self, name: str, **more: Any) -> None:  # noqa: ANN401
        """A deployment that failed and harmed its target, unless told otherwise."""
        data: dict[str, Any] = {"outcome": "failure", "impact": True}
        self.ship(name, **(data | more))


def test_a_failure_is_rolled_back_or_mended_in_time(tmp_path: Path) -> None:
    """Each end that a failure can have."""
    shop = Failures()
    shop.fail("mended")
    shop.ship("m1", "03-02T10:00", "newer", service="mended")
    shop.fail("mended-a-second-late")
    shop.ship("m2", "03-02T10:00:01", "newer", service="mended-a-second-late")
    shop.fail("forgotten")
    shop.fail("in-the-future", time="12-30T10:00", recorded="03-01T10:00")
    shop.fail("changed-nothing", impact=False)
    shop.fail("who-knows", impact="unknown")
    shop.fail("who-knows-but-mended", impact="unknown")
    shop.ship("m3", "03-01T11:00", "newer", service="who-knows-but-mended")
    shop.fail("waived")
    shop.waive("w1", "03-01T09:00", TEST, until="03-10T10:00", services=["waived"])
    shop.ship("broke-something")
    shop.say("incident.opened", "03-01T10:10", incident="i1", service="broke-something",
             environment="production", caused_by="broke-something",
             started_at="2026-03-01T10:05:00Z")  # fmt: skip
    shop.say("incident.restored", "03-03T10:00", incident="i1", service="broke-something",
             restored_at="2026-03-03T10:00:00Z")  # fmt: skip
    shop.ship("went-well")
    shop.ship("just-failed", "03-05T10:00", outcome="failure", impact=True)
    shop.commit("last", "03-06T10:00", ANNA, recorded="03-06T10:00")
    assert items(shop, tmp_path, TEST) == {
        "mended": MENDED,
        "mended-a-second-late": ("violated", "rolled back or mended too late"),
        "forgotten": ("violated", "neither rolled back nor mended"),
        "in-the-future": ("violated", "neither rolled back nor mended"),
        "changed-nothing": ("satisfied", "failed before it changed anything"),
        "who-knows": ("insufficient-evidence", "nobody says whether it changed anything"),
        "who-knows-but-mended": MENDED,
        "waived": ("excepted", "waived: neither rolled back nor mended"),
        "broke-something": ("violated", "rolled back or mended too late"),
        "just-failed": ("insufficient-evidence", "not mended yet, and not due"),
    }


def test_a_rollback_goes_back_to_what_was_approved_there(tmp_path: Path) -> None:
    """Approved for there before it ran there; for elsewhere, or afterwards, is not enough."""
    shop = Failures()
    approvals: dict[str, dict[str, Any]] = {
        "approved": {},
        "merely-said": {"assurance": "asserted"},
        "another-environment": {"environments": ["staging"]},
        "afterwards": {"time": "02-01T12:00"},
        "never": {"verdict": "rejected"},
        "another-commit": {"subjects": [{"kind": "commit", "commit": sha("claimed")}]},
    }
    shop.build("02-01T09:00", "old of another-commit", "built")
    for name, one in approvals.items():
        shop.ship(f"first-{name}", "02-01T11:00", "old", service=name,
                  commit=sha("claimed") if name == "another-commit" else None)  # fmt: skip
        more = {key: value for key, value in one.items() if key != "time"}
        shop.approve(f"a-{name}", one.get("time", "02-01T10:00"), f"old of {name}",
                     **{"service": name} | more)  # fmt: skip
        shop.ship(f"second-{name}", "03-01T10:00", service=name)
        shop.ship(name, "03-01T12:00", "old", service=name, kind="rollback", assurance="observed")
    shop.ship("to-nothing-known", "03-01T12:00", "x", kind="rollback")
    unapproved = ("violated", "back to what was never approved for there")
    found = items(shop, tmp_path, TEST, {"max_hours_to_resolution": 24})
    assert {name: one for name, one in found.items() if not name.startswith("second-")} == {
        "approved": BACK,
        "merely-said": BACK,
        "another-environment": unapproved,
        "afterwards": unapproved,
        "never": unapproved,
        "another-commit": (
            "insufficient-evidence",
            "approved is a commit or release that nothing ties to the digest",
        ),
        "to-nothing-known": ("insufficient-evidence", "nobody says what it went back to"),
    }
    # What was rolled back failed, and was taken back two hours later.
    assert {found[f"second-{name}"] for name in approvals} == {MENDED}
    strict = items(shop, tmp_path, TEST, {"least_assurance": "observed"})
    assert (strict["approved"], strict["merely-said"]) == (
        BACK, ("insufficient-evidence", "the approval is a mere assertion"),
    )  # fmt: skip
    hasty = items(shop, tmp_path, TEST, {"max_hours_to_resolution": 1})
    assert hasty["second-approved"] == ("violated", "rolled back or mended too late")
