"""Deployments, infrastructure and what stands where."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from domain.events.fields import (
    MAX_LIST,
    Artifact,
    Claimed,
    Commit,
    Common,
    Count,
    Counts,
    Digest,
    Handle,
    Instant,
    Name,
    Outcome,
    Person,
    Position,
    Text,
)
from domain.events.registry import Door, event

DEPLOYMENT = "deployment"
INFRASTRUCTURE = "infrastructure"
OPERATOR = ("operator",)

Impact = bool | Literal["unknown"]
Names = Annotated[list[Name], Meta(max_length=1000)]
Value = Name | bool | int | float
Tier = Literal["production", "dr", "staging", "test", "development", "preview"]


class Target(msgspec.Struct, kw_only=True, forbid_unknown_fields=False):
    """One site of a deployment.

    Attributes:
        site: region, cluster or host group.
        share: share of the traffic, from 0 to 1.
        outcome: what became of it there.
        finished_at: when.
    """

    site: Name
    share: Annotated[float, Meta(ge=0, le=1)] | None = None
    outcome: Outcome | None = None
    finished_at: Instant | None = None


class Deployment(Common, kw_only=True):
    """A deployment of a service into an environment."""

    deployment: Name
    service: Name
    environment: Name
    attempt: Annotated[int, Meta(ge=1)] | None = None
    component: Name | None = None
    kind: Literal["planned", "hotfix", "rollback", "redeploy"] | None = None
    kind_basis: Name | None = None
    trigger: Literal["manual", "automatic"] | None = None
    triggered_by: Person | None = None
    artifacts: Annotated[list[Artifact], Meta(max_length=1000)] | None = None
    config: Digest | None = None
    commits: Annotated[list[Commit], Meta(max_length=MAX_LIST)] | None = None
    remediates: Names | None = None
    rolls_back: Name | None = None
    restores: Name | None = None
    strategy: Name | None = None
    targets: Annotated[list[Target], Meta(max_length=1000)] | None = None
    first_exposed_at: Instant | None = None
    reason: Text | None = None
    ref: Handle | None = None
    environment_tier: Name | None = None
    job: Name | None = None


@event("deployment.started", DEPLOYMENT)
class DeploymentStarted(Deployment, kw_only=True):
    """A deployment began."""


@event("deployment.progressed", DEPLOYMENT)
class DeploymentProgressed(Deployment, kw_only=True):
    """A deployment reached another site or share."""


@event("deployment.finished", DEPLOYMENT)
class DeploymentFinished(Deployment, kw_only=True):
    """A deployment ended."""

    outcome: Outcome
    impact: Impact | None = None
    exit_status: int | None = None
    started_at: Instant | None = None


@event("deployment.assessed", DEPLOYMENT)
class DeploymentAssessed(Common, kw_only=True):
    """What a deployment remediated, rolled back or harmed is restated; the latest one wins."""

    deployment: Name
    remediates: Names | None = None
    rolls_back: Name | None = None
    impact: Impact | None = None
    reason: Text | None = None


@event("flag.changed", DEPLOYMENT)
class FlagChanged(Common, kw_only=True):
    """A feature flag was switched."""

    flag: Name
    service: Name
    environment: Name
    before: Value | None = None
    after: Value | None = None
    reason: Text | None = None


@event("database.migrated", DEPLOYMENT)
class DatabaseMigrated(Common, kw_only=True):
    """A database schema was changed."""

    service: Name
    environment: Name
    migration: Name
    outcome: Outcome
    deployment: Name | None = None
    reversible: bool | None = None


class Running(msgspec.Struct, kw_only=True, forbid_unknown_fields=False):
    """One workload of a snapshot.

    Attributes:
        service: what runs.
        service_basis: what told so: a label, the workload that owns it, its own name.
        digest: of what runs, as a registry knows it.
        image: its name as the runtime says it.
        image_id: the runtime's own id of the image, where that is no registry's digest.
        config: digest of its configuration.
        revisions: of its configuration's source, as the deployment tool says.
        replicas: how many run.
        ready: how many of them are ready.
        namespace: namespace, project or cluster in which it runs.
        container: which of the workload's containers it is.
        site: where.
        sync: whether it is as its configuration wants it, in the tool's own word.
        health: in the tool's own word.
    """

    service: Name
    service_basis: Name | None = None
    digest: Digest | None = None
    image: Handle | None = None
    image_id: Digest | None = None
    config: Digest | None = None
    revisions: Names | None = None
    replicas: Count | None = None
    ready: Count | None = None
    namespace: Name | None = None
    container: Name | None = None
    site: Name | None = None
    sync: Name | None = None
    health: Name | None = None


@event("runtime.snapshot", DEPLOYMENT)
class RuntimeSnapshot(Common, kw_only=True):
    """What runs in an environment at this moment.

    Attributes:
        environment: what was looked at.
        system: what runs it: `kubernetes`, `argocd`, `docker`, `ecs`.
        running: its workloads.
        complete: true only where everything in `namespaces`, or else at all, was listed.
        namespaces: what was listed, where it was not everything.
    """

    environment: Name
    system: Name
    running: Annotated[list[Running], Meta(max_length=MAX_LIST)]
    complete: bool | None = None
    namespaces: Names | None = None


class Infrastructure(Common, kw_only=True):
    """A plan of infrastructure as code."""

    workspace: Name | None = None
    organization: Name | None = None
    adds: Count | None = None
    changes: Count | None = None
    destroys: Count | None = None
    imports: Count | None = None
    counts: Counts | None = None
    counted: Name | None = None
    claimed: Claimed | None = None
    resources: Annotated[list[Name], Meta(max_length=MAX_LIST)] | None = None
    resource_changes: Digest | None = None
    output_changes: Count | None = None
    drift: Count | None = None
    plan: Digest | None = None
    errors: Count | None = None
    started_at: Instant | None = None


@event("infrastructure.planned", INFRASTRUCTURE)
class InfrastructurePlanned(Infrastructure, kw_only=True):
    """A change of infrastructure was planned."""

    outcome: Outcome | None = None
    applyable: bool | None = None
    complete: bool | None = None


@event("infrastructure.applied", INFRASTRUCTURE)
class InfrastructureApplied(Infrastructure, kw_only=True):
    """A change of infrastructure was applied."""

    outcome: Outcome


@event("config.changed", INFRASTRUCTURE)
class ConfigChanged(Common, kw_only=True):
    """Configuration was changed outside a deployment; of a whole cluster without `environment`."""

    resource: Name
    action: Name | None = None
    before: Digest | None = None
    after: Digest | None = None
    outcome: Outcome | None = None
    policies: Names | None = None
    request: Name | None = None


@event("environment.registered", INFRASTRUCTURE, Door.COMMAND, roles=OPERATOR)
class EnvironmentRegistered(Common, kw_only=True):
    """An environment has this tier from a date on.

    Attributes:
        environment: its name.
        tier: what it is for.
        basis: whether its name told so, an operator, or a source.
        effective_from: since when; without it since `time`, and if its name told so since ever.
        reason: why.
        second: the other person of two who decided it; absent where the ledger had one operator.
        proposal: position of the command that was confirmed.
    """

    environment: Name
    tier: Tier
    basis: Literal["name", "operator", "source"] | None = None
    effective_from: Instant | None = None
    reason: Text | None = None
    second: Person | None = None
    proposal: Position | None = None


class RepositoryUse(msgspec.Struct, kw_only=True, forbid_unknown_fields=False):
    """A repository and what a service has of it.

    Attributes:
        repository: its address.
        role: whether it holds the service's source or only what is deployed of it.
        paths: the part of it that is the service's; none: all of it.
    """

    repository: Handle
    role: Literal["source", "manifests"] | None = None
    paths: Annotated[list[Handle], Meta(max_length=1000)] | None = None


@event("service.registered", INFRASTRUCTURE, Door.COMMAND, roles=OPERATOR)
class ServiceRegistered(Common, kw_only=True):
    """A service belongs to a team and is built from these repositories.

    What a later registration leaves out stays as it was; an empty list or object says that there is
    none any more.

    Attributes:
        service: its name.
        team: whose it is.
        repositories: what it is built and deployed from.
        criticality: how much depends on it, in the organisation's own word.
        scope: rules it falls under, such as `pci`.
        deployment_source: by environment, the source whose reports of deployments count.
        effective_from: since when; without it since `time`, and at first since ever.
        reason: why.
        second: the other person of two who decided it; absent where the ledger had one operator.
        proposal: position of the command that was confirmed.
    """

    service: Name
    team: Name | None = None
    repositories: Annotated[list[RepositoryUse], Meta(max_length=1000)] | None = None
    criticality: Name | None = None
    scope: Names | None = None
    deployment_source: Annotated[dict[Name, Handle], Meta(max_length=1000)] | None = None
    effective_from: Instant | None = None
    reason: Text | None = None
    second: Person | None = None
    proposal: Position | None = None
