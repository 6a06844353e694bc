"""POL-01: is every decision kept, and did nothing go to production without one or against one?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from domain.log.by import By
from tests.projections.controls.judging import BERT, Shop, digest, full_items, sha

if TYPE_CHECKING:
    from pathlib import Path

TEST = "POL-01"
DECIDED = ("satisfied", "decided before")
DENIED = ("violated", "deployed although a policy denied it")
OVERRIDDEN = ("satisfied", "denied, and overridden by an approval")


class Gated(Shop):
    """Services that are called like their digests; decisions at 10:00."""

    def decide(self, name: str, what: str = "allow", **more: Any) -> int:  # noqa: ANN401
        """A policy decides on a digest."""
        data: dict[str, Any] = {
            "policy": "deploy", "decision": what, "digest": digest("policy"), "service": name,
            "artifact": {"digest": digest(name)}, "environment": "production",
            "reasons": ["so it is"] if what == "deny" else None,
        } | more  # fmt: skip
        return self.say("policy.evaluated", data.pop("time", "03-01T10:00"), **data)

    def ship(self, name: str, **more: Any) -> None:  # noqa: ANN401
        """Deployed at 11:00."""
        self.deploy(name, "03-01T11:00", name, **{"service": name} | more)


def found(shop: Shop, folder: Path, kind: str, **changed: Any) -> dict[str, tuple[str, str]]:  # noqa: ANN401
    """What came of decisions or deployments, by their service."""
    return {
        row["service"]: (row["outcome"], row["reason"])
        for row in full_items(shop, folder, TEST, changed)
        if row["item"] == kind
    }


def test_nothing_goes_to_production_without_a_decision_or_against_one(tmp_path: Path) -> None:
    """The last word of each policy before the deployment counts."""
    shop = Gated()
    told: dict[str, list[tuple[str, dict[str, Any]]]] = {
        "allowed": [("allow", {})],
        "warned": [("warn", {})],
        "undecided": [("undecided", {})],
        "denied": [("deny", {})],
        "denied-then-allowed": [("deny", {"time": "03-01T09:00"}), ("allow", {})],
        "allowed-then-denied": [("allow", {"time": "03-01T09:00"}), ("deny", {})],
        "denied-then-merely-said-to-be-allowed": [
            ("deny", {"time": "03-01T09:00", "assurance": "observed"}),
            ("allow", {}),
        ],
        "allowed-then-denied-told-late": [
            ("allow", {"time": "03-01T09:00"}),
            ("deny", {"recorded": "03-01T12:00"}),
        ],
        "denied-told-late-then-allowed": [
            ("deny", {"time": "03-01T09:00", "recorded": "03-01T12:00"}),
            ("allow", {}),
        ],
        "denied-by-another-policy": [("allow", {}), ("deny", {"policy": "other"})],
        "only-advised-against": [("deny", {"enforcement": "advisory"})],
        "denied-for-staging": [("allow", {}), ("deny", {"environment": "staging"})],
        "allowed-for-staging": [("allow", {"environment": "staging"})],
        "another-digest": [("allow", {"artifact": {"digest": digest("x")}})],
        "a-second-late": [("allow", {"time": "03-01T11:00:01"})],
        "recorded-late": [("allow", {"recorded": "03-01T12:00"})],
        "overridden": [("deny", {})],
        "overridden-as-it-is-said": [("deny", {"assurance": "observed"})],
        "overridden-by-its-release": [("deny", {})],
        "overridden-by-another-commit": [("deny", {})],
        "approved-before-it-was-denied": [("deny", {})],
        "approved-after-it-ran": [("deny", {})],
        "urgent": [("deny", {})],
        "waived": [("deny", {})],
    }
    for name, ones in told.items():
        for what, more in ones:
            shop.decide(name, what, **more)
    shop.approve("a1", "03-01T10:30", "overridden", service="overridden")
    said = "overridden-as-it-is-said"
    shop.approve(said, "03-01T10:30", said, service=said, assurance="asserted")
    for name, time, subject in (
        ("overridden-by-its-release", "03-01T09:30", {"kind": "artifact", "digest": digest(
            "overridden-by-its-release")}),
        ("overridden-by-its-release", "03-01T10:30", {"kind": "release", "release": "1.0"}),
        ("overridden-by-another-commit", "03-01T10:30", {"kind": "commit", "commit": sha(
            "overridden-by-another-commit")}),
    ):  # fmt: skip
        shop.approve(f"{name} {time}", time, name, service=name, subjects=[subject])
    shop.build("03-01T09:00", "overridden-by-another-commit", "built")
    shop.approve("a2", "03-01T09:30", "approved-before-it-was-denied", service="s1")
    shop.approve("a3", "03-01T11:30", "approved-after-it-ran", service="s2")
    shop.say("emergency.declared", "03-01T10:45", recorded="03-01T10:45", emergency="e1",
             reason="r", subjects=[{"kind": "artifact", "digest": digest("urgent")}],
             by=By(BERT, "crd_" + "b" * 32, "oidc"), assurance="decided")  # fmt: skip
    shop.waive("w1", "03-01T10:00", TEST, until="03-10T10:00", services=["waived"])
    for name in (*told, "never-asked"):
        shop.ship(name, commit=sha(name), release="1.0")
    shop.deploy("half", "03-01T11:00", "allowed", "never-asked", service="half")
    none = ("violated", "deployed without a decision")
    assert found(shop, tmp_path, "deployment") == {
        "allowed": DECIDED,
        "warned": DECIDED,
        "undecided": ("insufficient-evidence", "no policy could decide"),
        "denied": DENIED,
        "denied-then-allowed": DECIDED,
        "allowed-then-denied": DENIED,
        "denied-then-merely-said-to-be-allowed": DENIED,
        "allowed-then-denied-told-late": DENIED,
        "denied-told-late-then-allowed": DECIDED,
        "denied-by-another-policy": DENIED,
        "only-advised-against": DECIDED,
        "denied-for-staging": DECIDED,
        "allowed-for-staging": none,
        "another-digest": none,
        "a-second-late": ("violated", "decided after it began"),
        "recorded-late": (
            "insufficient-evidence", "nothing shows that it was decided before",
        ),
        "overridden": OVERRIDDEN,
        said: OVERRIDDEN,
        "overridden-by-its-release": OVERRIDDEN,
        "overridden-by-another-commit": (
            "insufficient-evidence",
            "approved is a commit or release that nothing ties to the digest",
        ),
        "approved-before-it-was-denied": DENIED,
        "approved-after-it-ran": DENIED,
        "urgent": ("excepted", "emergency, see CHG-06"),
        "waived": ("excepted", f"waived: {DENIED[1]}"),
        "never-asked": none,
        "half": none,
    }  # fmt: skip
    strict = found(shop, tmp_path, "deployment", least_assurance="observed")
    assert (strict["overridden"], strict[said]) == (
        OVERRIDDEN, ("insufficient-evidence", "the approval is a mere assertion"),
    )  # fmt: skip


def test_a_decision_is_kept_with_what_it_rests_on(tmp_path: Path) -> None:
    """Its policy and version, its object, its reasons."""
    shop = Gated()
    shop.say("policy.published", "03-01T09:00", policy="published", digest=digest("p"))
    shop.say("policy.published", "03-01T10:30", policy="later", digest=digest("p"))
    shop.decide("whole")
    shop.decide("denied", "deny")
    shop.decide("denied-without-reason", "deny", reasons=None)
    shop.decide("denied-with-a-sealed-reason", "deny", reasons=None,
                extensions={"pipeledgertexts": "reasons"})  # fmt: skip
    shop.decide("without-version", digest=None)
    shop.decide("published-before", policy="published", digest=None)
    shop.decide("published-after", policy="later", digest=None)
    shop.decide("about-nothing", artifact=None)
    shop.decide("about-its-inputs", artifact=None, inputs=[1, 2])
    shop.say("gate.decided", "03-01T10:00", gate="g1", decision="allow", digest=digest("p"),
             inputs=[1], service="gate", assurance="decided")  # fmt: skip
    kept = ("satisfied", "kept with its policy and its object")
    unversioned = (
        "insufficient-evidence", "nobody says which version of the policy decided",
    )  # fmt: skip
    assert found(shop, tmp_path, "decision") == {
        "whole": kept,
        "denied": kept,
        "denied-without-reason": ("insufficient-evidence", "nobody says why it was denied"),
        "denied-with-a-sealed-reason": kept,
        "without-version": unversioned,
        "published-before": kept,
        "published-after": unversioned,
        "about-nothing": ("insufficient-evidence", "nobody says what was decided about"),
        "about-its-inputs": kept,
        "gate": kept,
    }
    strict = found(shop, tmp_path, "decision", least_assurance="decided")
    assert strict["gate"] == kept
    assert strict["whole"] == (
        "insufficient-evidence", "the assurance of the decision is too low",
    )  # fmt: skip


def test_a_ledger_that_knows_of_no_decision_cannot_tell(tmp_path: Path) -> None:
    """Perhaps nobody has connected what decides."""
    shop = Gated()
    shop.ship("one")
    assert found(shop, tmp_path, "deployment") == {
        "one": ("insufficient-evidence", "this ledger knows of no decision at all")
    }
