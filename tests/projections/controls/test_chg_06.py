"""CHG-06: were emergencies approved afterwards, and CHG-02: what went ahead under one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from domain.log.by import By
from tests.projections.controls.judging import (
    ANNA,
    BERT,
    CLEO,
    DORA,
    Shop,
    digest,
    items,
    sha,
)

if TYPE_CHECKING:
    from pathlib import Path

TEST = "CHG-06"
SECOND = "per_" + "1" * 32
APPROVED = ("satisfied", "approved afterwards by somebody else")
TAKING_PART = ("violated", "approved by somebody who took part in it")


class Emergencies(Shop):
    """Emergencies that Bert declares at 10:00 of 1 March."""

    def declare(self, name: str, time: str = "03-01T10:00", **more: Any) -> None:  # noqa: ANN401
        """An emergency for a digest that is called like it."""
        data: dict[str, Any] = {
            "emergency": name, "reason": "nobody can pay", "incident": "inc-1",
            "subjects": [{"kind": "artifact", "digest": digest(name)}],
            "environments": ["production"], "service": name,
            "by": By(BERT, "crd_" + "b" * 32, "oidc"),
        } | more  # fmt: skip
        self.say("emergency.declared", time, recorded=time, assurance="decided", **data)

    def afterwards(self, name: str, time: str = "03-02T10:00", **more: Any) -> None:  # noqa: ANN401
        """An approval that names an emergency."""
        self.approve(f"of-{name}", time, name, **{"emergency": name, "service": name} | more)


def test_an_emergency_is_approved_afterwards_by_somebody_else_in_time(tmp_path: Path) -> None:
    """And each way in which that approval is none, or not enough."""
    shop = Emergencies()
    shop.say("incident.opened", "03-01T09:00", incident="inc-1", service="shop")
    shop.declare("approved")
    shop.afterwards("approved")
    shop.declare("at-the-limit")
    shop.afterwards("at-the-limit", "03-04T10:00", recorded="03-04T10:00")
    shop.declare("a-second-late")
    shop.afterwards("a-second-late", "03-04T10:00:01")
    shop.declare("forgotten")
    shop.declare("refused")
    shop.afterwards("refused", verdict="rejected")
    for verdict in ("rejected", "withdrawn"):
        shop.declare(verdict)
        shop.afterwards(verdict)
        shop.afterwards(verdict, "03-02T11:00", verdict=verdict)
    shop.declare("by-who-declared-it")
    shop.afterwards("by-who-declared-it", approver=BERT)
    shop.declare("by-another-account")
    shop.afterwards("by-another-account", approver=SECOND)
    shop.link("03-20T10:00", SECOND, BERT)
    shop.declare("by-its-author")
    shop.commit("by-its-author", "03-01T09:00", CLEO)
    shop.build("03-01T09:30", "by-its-author", "by-its-author", service="by-its-author")
    shop.deploy("d1", "03-01T11:00", "by-its-author", service="by-its-author")
    shop.afterwards("by-its-author")
    shop.declare("by-who-deployed-it")
    shop.deploy("d2", "03-01T11:00", "by-who-deployed-it", actor=DORA,
                service="by-who-deployed-it")  # fmt: skip
    shop.afterwards("by-who-deployed-it", approver=DORA)
    shop.declare("of-no-incident", incident=None)
    shop.afterwards("of-no-incident")
    shop.declare("of-an-unknown-incident", incident="inc-2")
    shop.afterwards("of-an-unknown-incident")
    shop.declare("asserted")
    shop.afterwards("asserted", assurance="asserted")
    shop.declare("told-much-later")
    shop.afterwards("told-much-later", recorded="03-10T10:00")
    shop.declare("of-another-emergency")
    shop.afterwards("of-another-emergency", emergency="x")
    shop.declare("just-now", "03-23T10:00")
    shop.commit("last", "03-26T10:00", ANNA, recorded="03-26T10:00")
    found = items(shop, tmp_path, TEST)
    assert found.pop("emergencies") == ("violated", "more emergencies than accepted")
    missing = ("violated", "not approved afterwards")
    assert found == {
        "approved": APPROVED,
        "at-the-limit": APPROVED,
        "a-second-late": ("violated", "approved too late"),
        "forgotten": missing,
        "refused": missing,
        "rejected": ("violated", "its approval was taken back"),
        "withdrawn": ("violated", "its approval was taken back"),
        "by-who-declared-it": TAKING_PART,
        "by-another-account": TAKING_PART,
        "by-its-author": TAKING_PART,
        "by-who-deployed-it": TAKING_PART,
        "of-no-incident": ("violated", "no incident is named"),
        "of-an-unknown-incident": (
            "insufficient-evidence", "the incident that it names is not in this ledger",
        ),
        "asserted": ("insufficient-evidence", "the approval is a mere assertion"),
        "told-much-later": ("insufficient-evidence", "the approval was recorded afterwards"),
        "of-another-emergency": missing,
        "just-now": ("insufficient-evidence", "not approved yet, and not due"),
    }  # fmt: skip


def test_few_emergencies_are_accepted(tmp_path: Path) -> None:
    """As many of the production deployments as the organisation says, exactly."""
    shop = Emergencies()
    shop.declare("e1")
    for number in range(1, 20):
        shop.deploy(f"d{number}", "03-01T12:00", f"content {number}")
    shop.deploy("d20", "03-01T12:00", "e1")
    few = ("satisfied", "no more emergencies than accepted")
    assert items(shop, tmp_path, TEST)["emergencies"] == few
    many = items(shop, tmp_path, TEST, {"max_emergency_share": 0.049})["emergencies"]
    assert many == ("violated", "more emergencies than accepted")


def test_what_went_ahead_under_an_emergency_is_excepted_from_approval_before(
    tmp_path: Path,
) -> None:
    """What it names, where it names it, from its beginning to its end, and nothing else."""
    shop = Emergencies()
    shop.approve("a0", "02-01T10:00", "z", service="nobody")
    for name in ("named", "before-it", "very-second", "last-second", "at-its-end", "elsewhere"):
        shop.declare(name, environments=["staging"] if name == "elsewhere" else ["production"])
    shop.declare("for-all", environments=None)
    shop.declare("service-wide", subjects=None)
    shop.declare("service-nowhere", subjects=None, environments=None)
    shop.declare("release", subjects=[{"kind": "release", "release": "1.2"}])
    shop.declare("commit", subjects=[{"kind": "commit", "commit": sha("commit")}])
    shop.declare("short", approve_until="2026-03-01T10:30:00Z")
    shop.declare("approved")
    shop.approve("a1", "03-01T10:00", "approved", service="approved")

    def deploy(name: str, time: str = "03-01T11:00", content: str = "", **more: Any) -> None:  # noqa: ANN401
        shop.deploy(name, time, content or name, **{"service": name} | more)

    shop.build("03-01T10:30", "commit", "commit", service="commit")
    for name in ("named", "elsewhere", "for-all", "service-nowhere", "short", "approved"):
        deploy(name)
    deploy("commit")
    deploy("before-it", "03-01T09:59:59")
    deploy("very-second", "03-01T12:00", started_at="2026-03-01T10:00:00Z")
    deploy("last-second", "03-04T09:59:59")
    deploy("at-its-end", "03-04T10:00")
    deploy("another-digest", content="x", service="named")
    deploy("service-wide", content="y")
    deploy("release", content="r", release="1.2")
    excepted = ("excepted", "emergency, see CHG-06")
    outcomes = items(shop, tmp_path, "CHG-02")
    assert {name for name, found in outcomes.items() if found == excepted} == {
        "named", "very-second", "last-second", "for-all", "service-wide", "release", "commit",
    }  # fmt: skip
    assert outcomes["approved"] == ("satisfied", "approved")
    assert {outcomes[name][0] for name in (
        "before-it", "at-its-end", "elsewhere", "service-nowhere", "short", "another-digest",
    )} == {"violated"}  # fmt: skip
