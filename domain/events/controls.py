"""Which facts each reusable test of a control stands on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from domain.events.registry import TYPES


@dataclass(frozen=True, slots=True)
class ControlTest:
    """A test that controls of several frameworks share.

    Attributes:
        id: its id in the control catalogue.
        asks: what it asks, a few words.
        types: stored types it reads; empty: every event.
        missing: what no source feeds today, or empty.
    """

    id: str
    asks: str
    types: tuple[str, ...]
    missing: str = ""


def _test(identity: str, asks: str, types: str, missing: str = "") -> ControlTest:
    """`types` are names without prefix, `family.*` standing for a whole prefix."""
    names: list[str] = []
    for word in types.split():
        stem = f"pipeledger.{word}"
        found = [
            name
            for name in TYPES
            if name == stem or (word.endswith(".*") and name.startswith(stem[:-1]))
        ]
        if not found:
            raise ValueError(f"{identity} names no type: {word}")
        names += found
    return ControlTest(identity, asks, tuple(dict.fromkeys(names)), missing)


_COMMANDS: Final = "it is no command of the server yet"
_REVIEWS: Final = "no webhook or report of reviews is read yet; emitters can assert them"

CONTROLS: Final = (
    _test("CHG-01", "was every merge reviewed by somebody else",
          "change.* commit.pushed ref.updated protection.changed person.linked person.unlinked"),
    _test("CHG-02", "was every production deployment authorised before",
          "deployment.* approval.* build.finished emergency.declared gate.decided policy.evaluated "
          "admission.decided"),
    _test("CHG-03", "are author, approver and deployer different people",
          "change.* commit.pushed ref.updated build.finished approval.* deployment.* person.linked "
          "person.unlinked"),
    _test("CHG-04", "did nothing reach a protected branch around review",
          "ref.updated protection.changed change.* commit.pushed deployment.finished",
          "what a push brought below its last commit is not looked at one by one"),
    _test("CHG-05", "does what is deployed trace to reviewed source",
          "build.finished artifact.described attestation.verified deployment.* change.* "
          "commit.pushed"),
    _test("CHG-06", "were emergency changes reviewed afterwards",
          "emergency.declared approval.* incident.* deployment.* person.linked person.unlinked"),
    _test("CHG-07", "was it tested before it was deployed",
          "tests.finished deployment.* build.finished"),
    _test("CHG-08", "were risk, impact and back-out written down before",
          "change.* ticket.* deployment.* approval.*",
          "what the texts say stays sealed; that they were written is judged"),
    _test("CHG-09", "were failures rolled back or fixed, on record",
          "deployment.* incident.* approval.*"),
    _test("CHG-10", "runs only what the ledger says was deployed",
          "runtime.snapshot deployment.*",
          "that a service is missing altogether is not judged"),
    _test("CHG-11", "is the population complete",
          "reconciliation.finished source.gap source.registered source.heartbeat deployment.*",
          "explanations of a silence are sealed texts"),
    _test("VUL-01", "was it scanned before deployment, without open blocking findings",
          "scan.finished deployment.* waiver.granted waiver.revoked"),
    _test("VUL-02", "were findings mended in time", "scan.finished waiver.*"),
    _test("VUL-03", "are exceptions granted by others, with an end",
          "waiver.granted waiver.revoked waiver.expired person.linked person.unlinked",
          "why, and what is done instead, are sealed texts; the command demands the reason"),
    _test("VUL-04", "was it scanned in every interval", "scan.finished deployment.finished",
          "nothing says which changes are significant, so scans after them are not judged"),
    _test("SEC-01", "were secrets rotated in time",
          "secret.created secret.rotated secret.revoked secret.accessed",
          "nothing says when a secret was compromised, so how soon after is not judged"),
    _test("SEC-02", "were keys used within their life", "key.enrolled key.rotated key.revoked",
          "keys in stores of secrets are judged by SEC-01"),
    _test("SEC-03", "is each reading of a secret somebody's", "secret.accessed",
          "nothing says who owns a workload"),
    _test("SEC-04", "were exposed secrets revoked",
          "scan.finished secret.revoked secret.rotated waiver.granted",
          "no field ties a finding to the secret that was revoked"),
    _test("ACC-01", "was extraordinary access approved and reviewed",
          "access.elevated access.reviewed approval.*", _REVIEWS),
    _test("ACC-02", "were rights reviewed in every interval",
          "access.granted access.reviewed access.revoked", _REVIEWS),
    _test("ACC-03", "were rights granted before and revoked in time",
          "access.granted access.revoked approval.*",
          "no list of people is here, so rights that nobody wanted back are not seen"),
    _test("ACC-04", "is every actor one person or an owned workload", "",
          "nothing says who owns a workload, or that several people share an account"),
    _test("LOG-01", "does every event say what it must", ""),
    _test("LOG-02", "does the whole ledger verify", "checkpoint.witnessed",
          "how often others verify the log is told by no event"),
    _test("LOG-03", "was silence of a source noticed",
          "source.registered source.heartbeat source.gap",
          "explanations of a silence are sealed texts"),
    _test("LOG-04", "was everything kept as long as it must be",
          "hold.placed hold.lifted record.disposed part.redacted", _COMMANDS),
    _test("LOG-05", "was the log looked at", "evidence.read evidence.exported",
          "what readers made of it is told by nothing"),
    _test("LOG-06", "is the time right", "", "clocks are not checked by the server"),
    _test("LOG-07", "is access to the ledger itself on record",
          "evidence.read evidence.exported token.issued token.revoked key.enrolled key.rotated"
          " key.revoked event.voided environment.registered service.registered person.linked"
          " person.unlinked waiver.granted"),
    _test("DR-01", "was failing over exercised, within its targets",
          "drill.finished failover.* deployment.finished",
          "whether lessons were followed is not told by any field"),
    _test("DR-02", "was restoring exercised", "restore.tested backup.finished"),
    _test("INC-01", "did every incident go through its stages", "incident.*"),
    _test("INC-02", "were authorities told in time", "incident.* breach.notified",
          "reasons for a delay are a sealed text"),
    _test("CFG-01", "was the baseline scanned",
          "scan.finished waiver.granted waiver.revoked deployment.finished"),
    _test("CFG-02", "did it go through the environments in order",
          "deployment.* environment.registered", "who holds rights in production is not told"),
    _test("PRV-01", "is there provenance of every build",
          "attestation.verified artifact.described build.finished deployment.*"),
    _test("PRV-02", "is there a bill of materials of every release",
          "artifact.published artifact.described build.finished release.created"),
    _test("PRV-03", "was the signature checked where it runs",
          "attestation.verified artifact.signed admission.decided deployment.*",
          "which identities may sign is known to whoever verifies, not to the ledger"),
    _test("POL-01", "is every decision of a policy on record",
          "policy.evaluated policy.published gate.decided admission.decided approval.* "
          "emergency.declared deployment.*"),
    _test("PRI-01", "were people forgotten, provably",
          "erasure.requested person.erased part.redacted",
          "the mechanism is there, the command is not"),
    _test("PRI-02", "does no event hold personal data", ""),
    _test("PRI-03", "is the record of processing current", "control.evaluated",
          "nothing says so by itself; a person must"),
    _test("MON-01", "are controls tested and weaknesses followed",
          "control.evaluated deficiency.opened deficiency.closed",
          "controls are not evaluated by the server yet"),
)  # fmt: skip

OF_THE_LEDGER: Final = frozenset({
    "ACC-04", "LOG-01", "LOG-02", "LOG-03", "LOG-04", "LOG-05", "LOG-06", "LOG-07", "PRI-01",
    "PRI-02",
})  # fmt: skip
"""Tests of the ledger itself: facts that lie in none say nothing about them."""
OF_A_COURSE: Final = frozenset({"VUL-02", "VUL-04"})
"""Tests of how scans and findings went on over time: a scan alone shows a moment."""
