"""Commands of operators over HTTP: environments, services, voids, assessments, proposals."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

import msgspec
from fastapi import APIRouter, Request, Response
from pydantic import Field
from starlette.concurrency import run_in_threadpool

from api.commanded import FORBIDDEN, OPERATOR, PROPOSED, command
from api.deciding import Deciding
from api.doors import PART_READERS
from api.entrance import JSON, Position, facts
from api.forms import Body, Handle, Id, Instant, Name, Names, Reason, Text, Withdrawal
from api.proposals import waiting
from api.reads import enter_reading
from domain.events.delivery import Tier  # noqa: TC001 - the framework reads it

if TYPE_CHECKING:
    from collections.abc import Callable

    from api.deciding import Decided
    from api.proposals import Proposed

router = APIRouter()


class NewEnvironment(Body):
    """What an environment is for, and since when."""

    environment: Name
    tier: Tier
    effective_from: Instant | None = None
    reason: Text


class NewRepository(Body):
    """A repository and what a service has of it."""

    repository: Handle
    role: Literal["source", "manifests"] | None = None
    paths: Annotated[list[Handle], Field(max_length=1000)] | None = None


class NewService(Body):
    """What is so of a service from now on, or since a date.

    What is left out stays as it was; an empty list or object says that there is none any more.
    """

    service: Name
    team: Name | None = None
    repositories: Annotated[list[NewRepository], Field(max_length=1000)] | None = None
    criticality: Name | None = None
    scope: Names | None = None
    deployment_source: Annotated[dict[str, Handle], Field(max_length=1000)] | None = None
    effective_from: Instant | None = None
    reason: Text | None = None


class DeploymentAssessment(Body):
    """What a deployment did, as it is seen now."""

    source: Handle
    service: Name | None = None
    environment: Name | None = None
    remediates: Names | None = None
    rolls_back: Name | None = None
    impact: bool | Literal["unknown"] | None = None
    reason: Text


class IncidentAssessment(Body):
    """What an incident was, as it is seen now."""

    source: Handle
    service: Name | None = None
    environment: Name | None = None
    caused_by: Name | None = None
    cause: Name | None = None
    severity: Name | None = None
    category: Literal["availability", "security", "privacy"] | None = None
    started_at: Instant | None = None
    detected_at: Instant | None = None
    reason: Text


@router.post("/v1/{ledger}/environments", status_code=201, tags=["decide"], responses=PROPOSED)
async def post_environment(request: Request, ledger: str, wanted: NewEnvironment) -> Response:
    """Say which tier an environment has; 202 where a second person has to confirm it."""
    return await _command(
        request, ledger, lambda by: by.register("environment.registered", wanted.said())
    )


@router.post("/v1/{ledger}/services", status_code=201, tags=["decide"], responses=PROPOSED)
async def post_service(request: Request, ledger: str, wanted: NewService) -> Response:
    """Say what a service is; 202 where a second person has to confirm it."""
    return await _command(
        request, ledger, lambda by: by.register("service.registered", wanted.said())
    )


@router.post(
    "/v1/{ledger}/entries/{position}/void", status_code=201, tags=["decide"], responses=PROPOSED
)
async def post_void(request: Request, ledger: str, position: Position, wanted: Reason) -> Response:
    """Let an event count no more; 202 where a second person has to confirm it."""
    return await _command(request, ledger, lambda by: by.void(position, wanted.reason))


@router.post(
    "/v1/{ledger}/deployments/{identity:path}/assess",
    status_code=201,
    tags=["decide"],
    responses=FORBIDDEN,
)
async def post_deployment(
    request: Request, ledger: str, identity: Id, wanted: DeploymentAssessment
) -> Response:
    """Restate what a deployment remedied, rolled back or harmed."""
    return await _assess(request, ledger, "deployment", identity, wanted.said())


@router.post(
    "/v1/{ledger}/incidents/{identity:path}/assess",
    status_code=201,
    tags=["decide"],
    responses=FORBIDDEN,
)
async def post_incident(
    request: Request, ledger: str, identity: Id, wanted: IncidentAssessment
) -> Response:
    """Restate what caused an incident, and how bad it was."""
    return await _assess(request, ledger, "incident", identity, wanted.said())


@router.get("/v1/{ledger}/commands", tags=["read"])
async def get_commands(request: Request, ledger: str) -> Response:
    """What waits for a second person, oldest first."""
    here, _ = await enter_reading(request, ledger, PART_READERS)
    given_on = facts(here)
    found = await run_in_threadpool(waiting, here.ledger, request.app.state.clock())
    body = {"commands": [shown(one) for one in found]}
    return Response(msgspec.json.encode(body), headers=given_on, media_type=JSON)


@router.post(
    "/v1/{ledger}/commands/{position}/confirm",
    status_code=201,
    tags=["decide"],
    responses=FORBIDDEN,
)
async def post_confirm(request: Request, ledger: str, position: Position) -> Response:
    """Decide what another operator proposed."""
    return await _command(request, ledger, lambda by: by.confirm(position))


@router.post(
    "/v1/{ledger}/commands/{position}/withdraw",
    status_code=201,
    tags=["decide"],
    responses=FORBIDDEN,
)
async def post_withdraw(
    request: Request, ledger: str, position: Position, wanted: Withdrawal | None = None
) -> Response:
    """Let nobody confirm a proposal any more; the other operator's way to refuse it, too."""
    reason = None if wanted is None else wanted.reason
    return await _command(request, ledger, lambda by: by.withdraw(position, reason))


def shown(one: Proposed) -> dict[str, Any]:
    """A proposal as lists show it."""
    return {
        "position": one.proposal.position,
        "command": one.command,
        "by": one.proposal.by.principal,
        "expires": one.proposal.expires,
        "data": one.data,
    }


async def _assess(
    request: Request, ledger: str, kind: str, identity: str, said: dict[str, Any]
) -> Response:
    source = said.pop("source")
    return await _command(request, ledger, lambda by: by.assess(kind, source, identity, said))


async def _command(
    request: Request, ledger: str, decide: Callable[[Deciding], Decided]
) -> Response:
    return await command(request, ledger, OPERATOR, Deciding, decide)
