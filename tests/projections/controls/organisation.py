"""A year of an organisation: ten services, two thousand deliveries to production, all by the rules.

Each delivery goes the whole way: commit, change, review, merge, push, build, tests, scans,
provenance, staging, approval, gate, production. What differs from that is planted by name; the list
of what is planted stands in `planted.toml`, apart from this and from the code that finds it.
Some deliveries are unusual and yet by the rules: rollbacks, emergencies that were approved
afterwards, failures that were rolled back, waivers, what was voided.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from tests.projections.controls.judging import digest, sha
from tests.projections.story import Story

if TYPE_CHECKING:
    from collections.abc import Mapping

DELIVERIES: Final = 2000
FIRST: Final = datetime(2025, 7, 1, 8, tzinfo=UTC)
YEAR: Final = timedelta(days=365)
LAST: Final = FIRST + YEAR
SERVICES: Final = tuple(f"service-{letter}" for letter in "abcdefghij")
MAKERS: Final = tuple(f"per_{number:032x}" for number in range(1, 13))
REVIEWERS: Final = tuple(f"per_{number:032x}" for number in range(101, 109))
APPROVERS: Final = tuple(f"per_{number:032x}" for number in range(201, 205))
SECOND_ACCOUNTS: Final = tuple(f"per_{number:032x}" for number in range(301, 313))
"""A second account of each maker, linked to the first one."""
PIPELINE: Final = "wkl_" + "7" * 32
MAIN: Final = "refs/heads/main"
_STEP: Final = YEAR / DELIVERIES
_SCANS: Final = ("sca", "sast", "container", "secret")


class Year:
    """The events of the year, in whatever order they are thought of."""

    def __init__(self, planted: Mapping[int, str]) -> None:
        """Think of a year.

        Args:
            planted: what is wrong with a delivery, by its number.
        """
        self._planted = planted
        self._said: list[tuple[datetime, int, str, dict[str, Any]]] = []

    def say(self, kind: str, at: datetime, /, **data: Any) -> None:  # noqa: ANN401 - JSON
        """Something happens; it is recorded a second later."""
        self._said.append((at, len(self._said), kind, data))

    def story(self) -> Story:
        """The ledger of the year."""
        self._found()
        for number in range(DELIVERIES):
            self._deliver(number)
        for service in SERVICES:
            self._exercise(service)
        story = Story()
        for at, _, kind, data in sorted(self._said, key=lambda one: one[:2]):
            time = at.isoformat().replace("+00:00", "Z")
            story.tell(kind, time, at=at + timedelta(seconds=1), **data)
        return story

    def _found(self) -> None:
        """What stands before the first delivery."""
        before = FIRST - timedelta(days=30)
        for service in SERVICES:
            repository = _repository(service)
            self.say("service.registered", before, service=service, team=f"team-{service[-1]}",
                     repositories=[{"repository": repository}], assurance="decided")  # fmt: skip
            self.say("protection.changed", before, repository=repository, ref=MAIN,
                     enabled=True, assurance="observed")  # fmt: skip
        for name, tier in (("production", "production"), ("staging", "staging")):
            self.say("environment.registered", before, environment=name, tier=tier,
                     effective_from=before.isoformat(), assurance="decided")  # fmt: skip
        for one, other in zip(MAKERS, SECOND_ACCOUNTS, strict=True):
            self.say("person.linked", before, person=one, other=other, assurance="decided")

    def _deliver(self, number: int) -> None:
        """One delivery, from commit to production."""
        wrong = self._planted.get(number, "")
        service, name = SERVICES[number % len(SERVICES)], f"delivery-{number}"
        maker = MAKERS[number % len(MAKERS)]
        end = FIRST + timedelta(days=2) + number * _STEP * 0.98
        of = {"service": service, "repository": _repository(service)}
        made = {"artifact": {"digest": digest(name)}, "commit": sha(name)}
        self._change(number, maker, end, wrong)
        self.say("build.finished", end - timedelta(hours=5), outcome="success", run=name,
                 commit=sha(name), builder="https://ci.example/builder",
                 artifacts=[{"digest": digest(name)}], **of)  # fmt: skip
        self._check(name, end, wrong, of | made)
        emergency = wrong == "emergency-never-approved" or number % 250 == 249
        if wrong != "straight-to-production":
            self.say("deployment.finished", end - timedelta(hours=4), deployment=f"{name}-staging",
                     environment="staging", outcome="success", commit=sha(name), kind="planned",
                     started_at=_told(end - timedelta(hours=4, minutes=5)),
                     artifacts=[{"digest": digest(name)}], actor=PIPELINE, **of)  # fmt: skip
        if emergency:
            self._hurry(number, maker, end, service, approved=wrong != "emergency-never-approved")
        else:
            self._approve(name, maker, end, service, wrong)
        self.say("gate.decided", end - timedelta(minutes=30), gate=f"gate-{number}",
                 environment="production", decision="allow", digest=digest("policy"),
                 assurance="decided", reasons=["all there"], **of | made)  # fmt: skip
        self.say("deployment.started", end - timedelta(minutes=4), deployment=name,
                 environment="production", commit=sha(name), actor=PIPELINE, **of)  # fmt: skip
        self.say("deployment.finished", end, deployment=name, environment="production",
                 outcome="success", started_at=_told(end - timedelta(minutes=4)),
                 kind="hotfix" if emergency else "planned", commit=sha(name), run=f"deploy-{name}",
                 artifacts=[{"digest": digest(name)}], actor=PIPELINE, **of)  # fmt: skip

    def _change(self, number: int, maker: str, end: datetime, wrong: str) -> None:
        """The commit, its change, the review, the merge and the push."""
        service, name = SERVICES[number % len(SERVICES)], f"delivery-{number}"
        repository = _repository(service)
        reviewer = REVIEWERS[number % len(REVIEWERS)]
        before = number - len(SERVICES)
        parents = [sha(f"delivery-{before}")] if before >= 0 else []
        self.say("commit.pushed", end - timedelta(hours=8), repository=repository,
                 commit=sha(name), authors=[maker], committer=maker, parents=parents,
                 authored_at=_told(end - timedelta(hours=8)))  # fmt: skip
        change = {
            "repository": repository, "number": number + 1, "target_ref": MAIN, "author": maker,
            "head": sha(name), "reason": "wanted", "impact": "small", "security_impact": "none",
            "back_out": "deploy the version before", "title": "Wanted", "description": "As asked.",
            "risk": "low", "ticket": f"OPS-{number}", "service": service,
        }  # fmt: skip
        at = end - timedelta(hours=7, minutes=30)
        self.say("change.proposed", at, **change)
        if wrong != "merged-without-review":
            self.say("change.reviewed", end - timedelta(hours=6), reviewer=reviewer,
                     verdict="approved", reviewed=sha(name), assurance="observed",
                     **change)  # fmt: skip
        merged = end - timedelta(hours=5, minutes=55)
        self.say("change.merged", merged, merged_by=reviewer, merge_commit=sha(name),
                 method="fast_forward", merged_at=_told(merged), assurance="observed",
                 **change)  # fmt: skip
        self.say("ref.updated", merged, repository=repository, ref=MAIN,
                 before=parents[0] if parents else None, after=sha(name), pusher=reviewer,
                 protected=True, assurance="observed", commits=[{"sha": sha(name)}],
                 commits_count=1)  # fmt: skip
        if wrong == "pushed-past-review":
            self.say("ref.updated", end + timedelta(minutes=10), repository=repository, ref=MAIN,
                     before=sha(name), after=sha(f"{name}-past-review"), pusher=maker,
                     protected=True, assurance="observed",
                     commits=[{"sha": sha(f"{name}-past-review")}], commits_count=1)  # fmt: skip

    def _check(self, name: str, end: datetime, wrong: str, of: dict[str, Any]) -> None:
        """Tests, scans, provenance, signature and bill of materials of the digest."""
        for kind in ("unit", "integration"):
            if kind == "integration" and wrong == "without-integration-tests":
                continue
            self.say("tests.finished", end - timedelta(hours=4, minutes=50), kind=kind,
                     outcome="success", tool="pytest", counts={"passed": 40}, run=name,
                     **of)  # fmt: skip
        ago = timedelta(days=7, hours=1) if wrong == "scanned-too-long-ago" else timedelta(hours=4)
        for kind in _SCANS:
            critical = 1 if kind == "sca" and wrong == "with-a-critical-finding" else 0
            low = 0 if kind == "secret" else 2
            self.say("scan.finished", end - ago, kind=kind, outcome="success", tool=f"{kind}-scan",
                     tool_version="1.0", counts={"critical": critical, "high": 0, "low": low},
                     counted="severity", extent="full", assurance="observed", **of)  # fmt: skip
        self.say("attestation.verified", end - timedelta(hours=4, minutes=40), outcome="success",
                 predicate_type="https://slsa.dev/provenance/v1", signed=True,
                 builder="https://ci.example/builder", verifier="admission",
                 levels=["SLSA_BUILD_LEVEL_3"], assurance="observed", **of)  # fmt: skip
        self.say("artifact.signed", end - timedelta(hours=4, minutes=45), **of)
        self.say("artifact.described", end - timedelta(hours=4, minutes=44), kind="sbom",
                 **of)  # fmt: skip
        self.say("admission.decided", end - timedelta(minutes=4, seconds=30), policy="signed",
                 decision="allow", digest=digest("signed"), environment="production",
                 assurance="observed", **of)  # fmt: skip

    def _approve(self, name: str, maker: str, end: datetime, service: str, wrong: str) -> None:
        """The approval that a delivery needs before it begins, four minutes before its end."""
        if wrong == "unapproved":
            return
        began = end - timedelta(minutes=4)
        approver = APPROVERS[len(name) % len(APPROVERS)]
        if wrong == "approved-by-the-authors-second-account":
            approver = SECOND_ACCOUNTS[MAKERS.index(maker)]
        content = f"{name}-other" if wrong == "approved-another-digest" else name
        about = {
            "approval": f"approval-{name}", "service": service, "environments": ["production"],
            "subjects": [{"kind": "artifact", "digest": digest(content)}], "assurance": "decided",
        }  # fmt: skip
        if wrong == "approval-just-expired":
            about["valid_until"] = _told(began)
        granted = end - timedelta(hours=2)
        if wrong == "approved-a-second-late":
            granted = began + timedelta(seconds=1)
        self.say("approval.requested", end - timedelta(hours=3), requester=maker, authors=[maker],
                 required=1, **about)  # fmt: skip
        self.say("approval.granted", granted, approver=approver, **about)

    def _hurry(
        self, number: int, maker: str, end: datetime, service: str, *, approved: bool
    ) -> None:
        """An emergency, for an incident, and its approval afterwards."""
        name = f"delivery-{number}"
        subjects = [{"kind": "artifact", "digest": digest(name)}]
        self.say("incident.opened", end - timedelta(hours=1), incident=f"incident-{number}",
                 service=service, environment="production", severity="high",
                 category="availability", assurance="observed")  # fmt: skip
        for what, after in (("acknowledged", 10), ("restored", 70), ("resolved", 90)):
            self.say(f"incident.{what}", end + timedelta(minutes=after - 60),
                     incident=f"incident-{number}", service=service, environment="production",
                     actor=maker, assurance="observed")  # fmt: skip
        self.say("emergency.declared", end - timedelta(minutes=20), emergency=f"emergency-{number}",
                 incident=f"incident-{number}", subjects=subjects, service=service,
                 environments=["production"], reason="the shop is down", actor=maker,
                 approve_until=_told(end + timedelta(hours=72)), assurance="decided")  # fmt: skip
        if approved:
            about = {
                "approval": f"approval-{name}", "service": service, "subjects": subjects,
                "environments": ["production"], "emergency": f"emergency-{number}",
                "assurance": "decided",
            }  # fmt: skip
            self.say("approval.requested", end + timedelta(hours=10), requester=maker,
                     authors=[maker], required=1, **about)  # fmt: skip
            self.say("approval.granted", end + timedelta(hours=20), approver=APPROVERS[0],
                     **about)  # fmt: skip

    def _exercise(self, service: str) -> None:
        """What a service does without a delivery: restores, exercises, rotations, baselines."""
        at = FIRST - timedelta(days=20)
        week = 0
        while at < LAST:
            of = {"service": service, "environment": "production"}
            self.say("scan.finished", at, kind="baseline", outcome="success", tool="bench",
                     benchmark="CIS Kubernetes 1.9", profile="Level 1", target=service,
                     counts={"failed": 0, "passed": 90}, counted="status", extent="full",
                     assurance="observed", **of)  # fmt: skip
            if week % 8 == 0:
                self.say("backup.finished", at, recovery=f"backup-{service}-{week}",
                         backup_set=f"{service}-db", outcome="success", **of)  # fmt: skip
                self.say("restore.tested", at + timedelta(hours=1), outcome="success",
                         recovery=f"restore-{service}-{week}", backup_set=f"{service}-db",
                         verified=True, **of)  # fmt: skip
                self.say("secret.rotated", at, path=f"kv/{service}/db", **of)
            if week % 26 == 0:
                self.say("drill.finished", at, recovery=f"drill-{service}-{week}",
                         outcome="success", planned=True, from_site="north", to_site="south",
                         rto_wanted_s=3600, rto_reached_s=900, rpo_wanted_s=300, rpo_reached_s=60,
                         **of)  # fmt: skip
            at += timedelta(days=7)
            week += 1


def _repository(service: str) -> str:
    return f"https://code.example/acme/{service}"


def _told(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")
