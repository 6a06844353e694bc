"""CHG-02: was every production deployment authorised before?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.projections.controls.judging import (
    ANNA,
    BERT,
    CLEO,
    DORA,
    REPOSITORY,
    Shop,
    digest,
    full_items,
    items,
    sha,
)

if TYPE_CHECKING:
    from pathlib import Path

TEST = "CHG-02"
SATISFIED = ("satisfied", "approved")


def judged(shop: Shop, folder: Path, **changed: Any) -> dict[str, tuple[str, str]]:  # noqa: ANN401
    """What became of each deployment."""
    return items(shop, folder, TEST, changed)


def test_what_was_approved_before_for_here_is_satisfied(tmp_path: Path) -> None:
    """The plain case."""
    shop = Shop()
    shop.approve("a1", "03-01T10:00", "a")
    shop.deploy("d1", "03-01T11:00", "a")
    assert judged(shop, tmp_path) == {"d1": SATISFIED}


VIOLATIONS: dict[str, tuple[dict[str, Any], str]] = {
    "another-digest": (
        {"subjects": [{"kind": "artifact", "digest": digest("b")}]},
        "approved is something else: another digest or commit",
    ),
    "another-environment": (
        {"environments": ["staging"]}, "approved for another environment",
    ),
    "one-second-late": ({"time": "03-01T11:00:01"}, "approved after it began"),
    "too-old": ({"time": "02-15T10:59"}, "the approval was too old"),
    "expired": ({"valid_until": "2026-03-01T10:59:59Z"}, "the approval had ended"),
    "expired-this-instant": ({"valid_until": "2026-03-01T11:00:00Z"}, "the approval had ended"),
    "refused": ({"verdict": "rejected"}, "refused"),
    "asked-for": ({"verdict": "requested"}, "asked for, never granted"),
    "another-digest-of-the-same-commit": (
        {"subjects": [{"kind": "artifact", "digest": digest("b")}], "commit": sha("1")},
        "approved is something else: another digest or commit",
    ),
}  # fmt: skip
INSUFFICIENT: dict[str, tuple[dict[str, Any], str]] = {
    "by-the-door-of-emitters": ({"assurance": "asserted"}, "the approval is a mere assertion"),
    "after-the-fact": ({"recorded": "03-01T12:00"}, "the approval was recorded afterwards"),
    "without-a-time": ({"time_basis": "received"}, "the approval has no time of its own"),
    "in-a-zone-that-nobody-knows": (
        {"time_basis": "source_local"}, "the approval has no time of its own",
    ),
    "for-nowhere": (
        {"environments": None}, "nobody says for which environment it was approved",
    ),
}  # fmt: skip


def test_each_way_in_which_an_approval_is_none_or_not_enough(tmp_path: Path) -> None:
    """What covers nothing violates; what cannot be relied on is said to be so."""
    shop = Shop()
    cases = VIOLATIONS | INSUFFICIENT
    for name, (told, _) in sorted(cases.items(), key=lambda one: one[1][0].get("time", "03-01T10")):
        of = {"service": name}
        shop.build("02-01T09:00", name, "1", **of)
        shop.approve(f"of-{name}", told.get("time", "03-01T10:00"), name,
                     **of | {key: one for key, one in told.items() if key != "time"})  # fmt: skip
        shop.deploy(name, "03-01T11:00", name, **of)
    expected = {name: ("violated", reason) for name, (_, reason) in VIOLATIONS.items()}
    weak = {name: ("insufficient-evidence", reason) for name, (_, reason) in INSUFFICIENT.items()}
    assert judged(shop, tmp_path) == expected | weak


def test_what_nobody_approved_violates_where_others_are_approved(tmp_path: Path) -> None:
    """And every digest of a deployment needs its own approval."""
    shop = Shop()
    shop.approve("a1", "03-01T10:00", "a", service="other")
    shop.deploy("d1", "03-01T11:00", "b")
    shop.deploy("d2", "03-01T12:00", "a", "b")
    assert judged(shop, tmp_path) == {
        "d1": ("violated", "no approval"), "d2": ("violated", "no approval"),
    }  # fmt: skip


def test_a_failed_deployment_is_judged_as_well(tmp_path: Path) -> None:
    """It was tried."""
    shop = Shop()
    shop.approve("a1", "03-01T10:00", "a", service="other")
    shop.deploy("d1", "03-01T11:00", "b", outcome="failure", impact=True)
    assert judged(shop, tmp_path) == {"d1": ("violated", "no approval")}


def test_an_approval_of_the_commit_or_the_release_covers_what_was_built_of_it(
    tmp_path: Path,
) -> None:
    """As far as the build says so."""
    shop = Shop()
    shop.build("03-01T09:00", "a", "1")
    shop.approve("a1", "03-01T10:00", "a", subjects=[{"kind": "commit", "commit": sha("1")}])
    shop.deploy("d1", "03-01T11:00", "a")
    shop.approve("a2", "03-01T12:00", "b", subjects=[{"kind": "release", "release": "1.4"}])
    shop.deploy("d2", "03-01T13:00", "b", release="1.4")
    assert judged(shop, tmp_path) == {"d1": SATISFIED, "d2": SATISFIED}


def test_a_release_is_one_of_the_service_that_it_is_approved_for(tmp_path: Path) -> None:
    """Whatever its name looks like."""
    shop = Shop()
    spaced, borrowed = ([{"kind": "release", "release": one}] for one in ("Release 2", "shop 1.4"))
    shop.approve("a1", "03-01T10:00", "a", subjects=spaced)
    shop.deploy("d1", "03-01T11:00", "a", release="Release 2")
    shop.approve("a2", "03-01T12:00", "b", service="mine", subjects=borrowed)
    shop.deploy("d2", "03-01T13:00", "b", release="1.4")
    assert judged(shop, tmp_path) == {
        "d1": SATISFIED,
        "d2": ("violated", "approved is something else: another digest or commit"),
    }


def test_a_commit_or_release_that_the_build_contradicts_covers_nothing_for_sure(
    tmp_path: Path,
) -> None:
    """What the deployment names is its own claim; one of its very run is for what that brought."""
    shop = Shop()
    shop.build("03-01T09:00", "a", "2")
    shop.say("release.created", "03-01T09:00", service="shop", version="1.4",
             artifacts=[{"digest": digest("c")}])  # fmt: skip
    shop.approve("a1", "03-01T10:00", "", subjects=[{"kind": "commit", "commit": sha("1")}])
    shop.approve("a2", "03-01T10:00", "", subjects=[{"kind": "release", "release": "1.4"}])
    shop.deploy("d1", "03-01T11:00", "a", commit=sha("1"))
    shop.deploy("d2", "03-01T12:00", "b", release="1.4")
    shop.deploy("d3", "03-01T13:00", "c", release="1.4")
    shop.deploy("d4", "03-01T14:00", "d", commit=sha("1"))
    shop.approve("a3", "03-01T10:00", "", subjects=[{"kind": "commit", "commit": sha("3")}],
                 run="5", repository=REPOSITORY)  # fmt: skip
    shop.deploy("d5", "03-01T15:00", "a", commit=sha("3"), run="5")
    shop.deploy("d6", "03-01T16:00", "a", commit=sha("3"), run="6")
    untied = (
        "insufficient-evidence", "approved is a commit or release that nothing ties to the digest",
    )  # fmt: skip
    assert judged(shop, tmp_path) == {
        "d1": untied, "d2": untied, "d3": SATISFIED, "d4": SATISFIED, "d5": SATISFIED,
        "d6": untied,
    }  # fmt: skip


def test_it_is_as_well_assured_as_the_least_of_what_decided(tmp_path: Path) -> None:
    """The deployment, and the approval of each of its digests."""
    shop = Shop()
    shop.approve("a1", "03-01T10:00", "a", assurance="decided")
    shop.approve("a2", "03-01T10:00", "b", assurance="observed")
    shop.deploy("d1", "03-01T11:00", "a", "b", assurance="decided")
    shop.deploy("d2", "03-01T12:00", "a", assurance="imported", service="other")
    found = full_items(shop, tmp_path, TEST)
    assert {row["item_key"].split()[-1]: row["assurance"] for row in found} == {
        "d1": "observed", "d2": "imported",
    }  # fmt: skip


def test_a_ledger_that_knows_of_no_approval_at_all_cannot_tell(tmp_path: Path) -> None:
    """Perhaps nobody has connected the tool that approves."""
    shop = Shop()
    shop.deploy("d1", "03-01T11:00", "a")
    assert judged(shop, tmp_path) == {
        "d1": ("insufficient-evidence", "this ledger knows of no approval at all")
    }


def test_a_deployment_cannot_begin_after_it_was_recorded(tmp_path: Path) -> None:
    """A clock that is set forward does not make room for an approval."""
    shop = Shop()
    shop.approve("a1", "03-01T11:30", "a")
    shop.deploy("d1", "03-01T12:00", "a", recorded="03-01T11:00")
    assert judged(shop, tmp_path) == {"d1": ("violated", "approved after it began")}


def test_a_rollback_to_what_was_approved_and_ran_here_is_approved(tmp_path: Path) -> None:
    """Also where the approval is too old by then; one to what was never approved is not."""
    shop = Shop()
    shop.approve("a1", "01-01T10:00", "a")
    shop.deploy("d1", "01-01T11:00", "a")
    shop.deploy("d2", "02-28T11:00", "b")
    shop.deploy("d3", "03-01T11:00", "a", kind="rollback")
    shop.deploy("d4", "03-02T11:00", "c")
    shop.deploy("d5", "03-03T11:00", "b", kind="rollback")
    found = judged(shop, tmp_path)
    assert found["d3"] == ("satisfied", "back to what was approved for here and ran here")
    assert found["d5"][0] == "violated"


@pytest.mark.parametrize("allowed", [False, True])
def test_a_policy_approves_where_the_organisation_lets_it(allowed: bool, tmp_path: Path) -> None:  # noqa: FBT001
    """By its own last word on the same digest, as long as an approval holds."""
    shop = Shop()
    shop.approve("a1", "03-01T10:00", "z", service="other")
    shop.say("gate.decided", "03-01T10:30", gate="g1", decision="allow", assurance="decided",
             artifact={"digest": digest("a")}, environment="production")  # fmt: skip
    for name, times in {"b": ("03-01T10:30", "03-01T10:40"), "c": ("02-01T10:30",)}.items():
        for time, decision in zip(times, ("allow", "deny"), strict=False):
            shop.say("gate.decided", time, gate="g2", decision=decision, assurance="decided",
                     artifact={"digest": digest(name)}, environment="production")  # fmt: skip
    shop.deploy("d1", "03-01T11:00", "a")
    shop.deploy("denied-since", "03-01T11:00", "b", service="b")
    shop.deploy("long-ago", "03-01T11:00", "c", service="c")
    for time, decision, recorded in (("10:30", "allow", None), ("10:40", "deny", "03-01T13:00")):
        shop.say("gate.decided", f"03-01T{time}", recorded, gate="g2", decision=decision,
                 assurance="decided", artifact={"digest": digest("d")},
                 environment="production")  # fmt: skip
    shop.deploy("denied-told-late", "03-01T11:00", "d", service="d")
    none = ("violated", "no approval")
    assert judged(shop, tmp_path, allow_policy_auto_approval=allowed) == {
        "d1": ("satisfied", "allowed by a policy") if allowed else none,
        "denied-since": none,
        "denied-told-late": none,
        "long-ago": ("violated", "the approval was too old") if allowed else none,
    }


def test_an_environment_called_a_test_afterwards_stays_in_the_population(tmp_path: Path) -> None:
    """A tier that is changed, with an early date, takes nothing out."""
    shop = Shop()
    shop.approve("a1", "03-01T10:00", "b", service="other")
    shop.deploy("d1", "03-01T11:00", "a")
    shop.say("environment.registered", "03-05T10:00", environment="production", tier="test",
             effective_from="2026-01-01T00:00:00Z", assurance="decided", second=BERT)  # fmt: skip
    assert judged(shop, tmp_path) == {"d1": ("violated", "no approval")}


def test_a_grant_by_another_account_of_who_asked_authorises_nothing(tmp_path: Path) -> None:
    """Nor two accounts of one person where two persons are asked for; an independent one does."""
    shop = Shop()
    for name, approvers in (
        ("by-the-requester", [CLEO]), ("by-one-person-twice", [CLEO, DORA]),
        ("by-another", [ANNA]), ("by-another-too-late", [CLEO]),
    ):  # fmt: skip
        steps: dict[str, Any] = {"approval": name, "assurance": "decided"}
        shop.say("approval.requested", "03-01T09:00", requester=BERT, environments=["production"],
                 subjects=[{"kind": "artifact", "digest": digest(name)}],
                 required=len(approvers), **steps)  # fmt: skip
        for one in approvers:
            shop.say("approval.granted", "03-01T10:00", approver=one, **steps)
        shop.deploy(name, "03-01T11:00", name)
        if name == "by-another-too-late":
            shop.say("approval.granted", "03-01T12:00", approver=ANNA, **steps)
    shop.link("03-02T10:00", CLEO, DORA)
    shop.link("03-02T10:00", CLEO, BERT)
    partial = ("violated", "granted by who asked for or made it, or by too few persons")
    assert judged(shop, tmp_path) == {
        "by-the-requester": partial, "by-one-person-twice": partial, "by-another": SATISFIED,
        "by-another-too-late": partial,
    }  # fmt: skip
