"""Approvals, policies, gates, waivers, controls, evidence, and the people behind them.

One family after the other, a few lines a type: a list to look things up in, so it is long.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from domain.events.fields import (
    MAX_LIST,
    Common,
    Count,
    Counts,
    Digest,
    Handle,
    Instant,
    Name,
    Outcome,
    Person,
    PersonId,
    Position,
    Severity,
    Subject,
    Text,
)
from domain.events.registry import Door, event

APPROVAL = "approval"
POLICY = "policy"
GOVERNANCE = "governance"
OPERATOR = ("operator",)

Subjects = Annotated[list[Subject], Meta(max_length=1000)]
Names = Annotated[list[Name], Meta(max_length=1000)]
Positions = Annotated[list[Position], Meta(max_length=MAX_LIST)]


class Approval(Common, kw_only=True):
    """An approval and what it is bound to.

    Attributes:
        approval: its id.
        subjects: what is approved.
        environments: where it may go; none: nobody says.
        valid_from: first instant at which the approval holds.
        valid_until: first instant at which it holds no more, and nobody grants it any more.
        role: in the organisation, of whoever decides; of another tool, as the tool says.
        emergency: the change that went ahead and is approved afterwards.
        reason: why.
    """

    approval: Name
    subjects: Subjects | None = None
    environments: Names | None = None
    valid_from: Instant | None = None
    valid_until: Instant | None = None
    role: Name | None = None
    emergency: Name | None = None
    reason: Text | None = None


@event("approval.requested", APPROVAL, Door.COMMAND, roles=("emitter", "approver", "operator"))
class ApprovalRequested(Approval, kw_only=True):
    """Somebody asked for an approval."""

    subjects: Subjects
    requester: Person | None = None
    authors: Annotated[list[Person], Meta(max_length=1000)] | None = None
    roles: Names | None = None
    required: Count | None = None


@event("approval.granted", APPROVAL, Door.COMMAND)
class ApprovalGranted(Approval, kw_only=True):
    """An independent person approved."""

    approver: Person | None = None


@event("approval.rejected", APPROVAL, Door.COMMAND)
class ApprovalRejected(Approval, kw_only=True):
    """A person refused to approve."""

    approver: Person | None = None


@event("approval.withdrawn", APPROVAL, Door.COMMAND, roles=("emitter", "approver", "operator"))
class ApprovalWithdrawn(Approval, kw_only=True):
    """A request or an approval was taken back."""


@event("approval.expired", APPROVAL, Door.COMMAND)
class ApprovalExpired(Approval, kw_only=True):
    """An approval ended by its date."""


@event("approval.reported", APPROVAL)
class ApprovalReported(Approval, kw_only=True):
    """Another tool says that somebody asked for an approval, approved or refused."""

    approver: Person | None = None
    requester: Person | None = None
    verdict: Literal["requested", "approved", "rejected", "withdrawn", "expired"]
    system: Name | None = None
    target: Handle | None = None
    comment: Text | None = None


@event("policy.published", POLICY)
class PolicyPublished(Common, kw_only=True):
    """A version of a policy came into force."""

    policy: Name
    digest: Digest
    version: Name | None = None
    effective_from: Instant | None = None


@event("policy.evaluated", POLICY)
class PolicyEvaluated(Common, kw_only=True):
    """A policy engine gave a decision."""

    policy: Name
    decision: Literal["allow", "deny", "warn", "undecided"]
    digest: Digest | None = None
    inputs: Positions | None = None
    reasons: Annotated[list[Text], Meta(max_length=1000)] | None = None
    enforcement: Literal["advisory", "soft", "hard"] | None = None
    counts: Counts | None = None
    counted: Name | None = None
    target: Handle | None = None
    decision_id: Name | None = None
    bundles: Annotated[dict[Name, Name], Meta(max_length=100)] | None = None
    findings: Digest | None = None
    findings_count: Count | None = None
    extent: Literal["full", "changes", "unknown"] | None = None


@event("admission.decided", POLICY)
class AdmissionDecided(Common, kw_only=True):
    """A cluster admitted or refused an object."""

    policy: Name
    decision: Literal["allow", "deny", "warn"]
    digest: Digest | None = None
    resource: Handle | None = None
    reasons: Annotated[list[Text], Meta(max_length=1000)] | None = None


@event("gate.decided", POLICY, Door.COMMAND)
class GateDecided(Common, kw_only=True):
    """The ledger answered whether something may go somewhere."""

    gate: Name
    decision: Literal["allow", "deny", "undecided"]
    digest: Digest | None = None
    inputs: Positions | None = None
    reasons: Annotated[list[Text], Meta(max_length=1000)] | None = None
    enforcement: Literal["advisory", "soft", "hard"] | None = None
    if_undecided: Literal["block", "allow"] | None = None


class Waiver(Common, kw_only=True):
    """An exception from a rule.

    Attributes:
        waiver: its id.
        scope: what it is for, in the organisation's own words.
        controls: tests of controls that it excepts from, such as `VUL-01`.
        rules: rules of tools that it excepts from, such as `CVE-2026-1234`.
        fingerprints: findings that it excepts.
        services: only for these; none: for all.
        environments: only for these; none: for all.
        artifacts: only for these; none: for all.
        reason: why.
        compensating: what is done instead.
        expires: first instant at which it holds no more.
    """

    waiver: Name
    scope: Names | None = None
    controls: Names | None = None
    rules: Names | None = None
    fingerprints: Names | None = None
    services: Names | None = None
    environments: Names | None = None
    artifacts: Annotated[list[Digest], Meta(max_length=1000)] | None = None
    reason: Text | None = None
    compensating: Text | None = None
    expires: Instant | None = None


@event("waiver.granted", POLICY, Door.COMMAND, roles=OPERATOR)
class WaiverGranted(Waiver, kw_only=True):
    """An exception was granted by a second person.

    Attributes:
        requester: who proposed it.
        approver: who confirmed it: somebody else.
        proposal: position of the command that was confirmed.
    """

    expires: Instant
    requester: Person | None = None
    approver: Person | None = None
    proposal: Position | None = None


@event("waiver.revoked", POLICY, Door.COMMAND, roles=OPERATOR)
class WaiverRevoked(Waiver, kw_only=True):
    """An exception was taken back."""


@event("waiver.expired", POLICY, Door.COMMAND)
class WaiverExpired(Waiver, kw_only=True):
    """An exception ended by its date."""


class Freeze(Common, kw_only=True):
    """A time in which nothing is deployed."""

    freeze: Name
    environments: Names | None = None
    reason: Text | None = None
    effective_from: Instant | None = None
    until: Instant | None = None


@event("freeze.declared", POLICY, Door.COMMAND)
class FreezeDeclared(Freeze, kw_only=True):
    """A freeze was declared."""


@event("freeze.lifted", POLICY, Door.COMMAND)
class FreezeLifted(Freeze, kw_only=True):
    """A freeze was lifted."""


@event("emergency.declared", POLICY, Door.COMMAND)
class EmergencyDeclared(Common, kw_only=True):
    """A change goes ahead before its approval.

    Attributes:
        emergency: its id.
        reason: why it cannot wait.
        incident: what it is against.
        subjects: what goes ahead.
        environments: where; none: nobody says.
        approve_until: until when it is to be approved afterwards.
    """

    emergency: Name
    reason: Text
    incident: Name | None = None
    subjects: Subjects | None = None
    environments: Names | None = None
    approve_until: Instant | None = None


class Control(Common, kw_only=True):
    """A control of a framework."""

    framework: Name
    control: Name


@event("control.evaluated", GOVERNANCE)
class ControlEvaluated(Control, kw_only=True):
    """A control was tested."""

    outcome: Literal["satisfied", "violated", "excepted", "insufficient-evidence", "not-applicable"]
    population: Count | None = None
    exceptions: Positions | None = None
    definitions: Digest | None = None


@event("deficiency.opened", GOVERNANCE)
class DeficiencyOpened(Control, kw_only=True):
    """A weakness of a control was recorded."""

    deficiency: Name
    severity: Severity | None = None
    owner: Person | None = None
    description: Text | None = None
    due: Instant | None = None


@event("deficiency.closed", GOVERNANCE)
class DeficiencyClosed(Control, kw_only=True):
    """A weakness of a control was mended."""

    deficiency: Name
    resolution: Text | None = None


class Difference(msgspec.Struct, kw_only=True, forbid_unknown_fields=False):
    """Something that one side has and the other has not.

    Attributes:
        kind: what it is.
        id: number of a change, object id of a commit, id of a deployment, version of a release.
        missing_in: the side that has it not.
    """

    kind: Literal["change", "commit", "deployment", "release"]
    id: Handle
    missing_in: Literal["ledger", "source"]


@event("reconciliation.finished", GOVERNANCE)
class ReconciliationFinished(Common, kw_only=True):
    """Source, ledger and runtime were compared.

    Attributes:
        evidence: id of this comparison.
        system: what the ledger was compared with.
        since: what happened from then on was compared.
        until: and before then.
        population: how many things either side has.
        matched: how many both sides have.
        missing_in_ledger: how many only the source has.
        missing_in_source: how many only the ledger has.
        counts: the population by kind; a kind that was not compared is not there.
        differences: which they are; the counts say how many, where the list is cut.
        explained: differences that somebody accounted for.
        unexplained: the other ones.
    """

    evidence: Name
    system: Name | None = None
    since: Instant | None = None
    until: Instant | None = None
    population: Count | None = None
    matched: Count | None = None
    missing_in_ledger: Count | None = None
    missing_in_source: Count | None = None
    counts: Counts | None = None
    differences: Annotated[list[Difference], Meta(max_length=MAX_LIST)] | None = None
    explained: Count | None = None
    unexplained: Count | None = None


class Evidence(Common, kw_only=True):
    """Evidence for an auditor."""

    evidence: Name
    framework: Name | None = None
    control: Name | None = None
    reader: Person | None = None
    purpose: Text | None = None
    query: Name | None = None
    digest: Digest | None = None


@event("evidence.requested", GOVERNANCE)
class EvidenceRequested(Evidence, kw_only=True):
    """An auditor asked for evidence."""


@event("evidence.delivered", GOVERNANCE)
class EvidenceDelivered(Evidence, kw_only=True):
    """Evidence was handed over."""


@event("evidence.read", GOVERNANCE, Door.SERVER)
class EvidenceRead(Evidence, kw_only=True):
    """An auditor read from the ledger."""


@event("evidence.exported", GOVERNANCE, Door.SERVER)
class EvidenceExported(Evidence, kw_only=True):
    """An auditor took a copy out of the ledger."""


@event("hold.placed", GOVERNANCE, Door.COMMAND, roles=OPERATOR)
class HoldPlaced(Common, kw_only=True):
    """Records must be kept whatever their retention says."""

    evidence: Name
    reason: Text | None = None
    scope: Names | None = None


@event("hold.lifted", GOVERNANCE, Door.COMMAND, roles=OPERATOR)
class HoldLifted(Common, kw_only=True):
    """A hold ended."""

    evidence: Name
    reason: Text | None = None


@event("record.disposed", GOVERNANCE, Door.COMMAND, roles=OPERATOR)
class RecordDisposed(Common, kw_only=True):
    """Records were removed when their retention ended."""

    evidence: Name
    positions: Positions | None = None
    reason: Text | None = None


@event("erasure.requested", GOVERNANCE, Door.COMMAND, roles=OPERATOR)
class ErasureRequested(Common, kw_only=True):
    """A person asked to be forgotten."""

    person: PersonId
    due: Instant | None = None
    outcome: Outcome | None = None


@event("person.erased", GOVERNANCE, Door.COMMAND, roles=OPERATOR)
class PersonErased(Common, kw_only=True):
    """A person's key and identity were destroyed."""

    person: PersonId
    positions: Positions | None = None


@event("person.linked", GOVERNANCE, Door.COMMAND, roles=OPERATOR)
class PersonLinked(Common, kw_only=True):
    """Two ids are one person."""

    person: PersonId
    other: PersonId
    reason: Text | None = None
    second: Person | None = None
    proposal: Position | None = None


@event("person.unlinked", GOVERNANCE, Door.COMMAND, roles=OPERATOR)
class PersonUnlinked(Common, kw_only=True):
    """Two ids are two persons after all."""

    person: PersonId
    other: PersonId
    reason: Text | None = None
    second: Person | None = None
    proposal: Position | None = None
