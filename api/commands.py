"""Commands over HTTP: environments, services, voids, assessments, proposals."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

import msgspec
from fastapi import APIRouter, Path, Request, Response
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool

from api import receipts
from api.deciding import Deciding
from api.entrance import JSON, Position, enter, facts
from api.proposals import waiting
from api.reads import enter_reading

if TYPE_CHECKING:
    from collections.abc import Callable

    from api.deciding import Decided
    from api.host import Served
    from api.proposals import Proposed

OPERATOR = ("operator",)
_Name = Annotated[str, Field(min_length=1, max_length=500)]
_Handle = Annotated[str, Field(min_length=1, max_length=4096)]
_Instant = Annotated[str, Field(max_length=40)]
_Text = Annotated[str, Field(max_length=65_536)]
_Id = Annotated[str, Path(min_length=1, max_length=500)]
Tier = Literal["production", "dr", "staging", "test", "development", "preview"]

router = APIRouter()


class _Body(BaseModel):
    """A body of which no field is overlooked."""

    model_config = ConfigDict(extra="forbid")

    def said(self) -> dict[str, Any]:
        """The fields that are given."""
        return self.model_dump(exclude_none=True)


class NewEnvironment(_Body):
    """What an environment is for, and since when."""

    environment: _Name
    tier: Tier
    effective_from: _Instant | None = None
    reason: _Text


class NewRepository(_Body):
    """A repository and what a service has of it."""

    repository: _Handle
    role: Literal["source", "manifests"] | None = None
    paths: Annotated[list[_Handle], Field(max_length=1000)] | None = None


class NewService(_Body):
    """A service: all that is so from now on, or since a date."""

    service: _Name
    team: _Name | None = None
    repositories: Annotated[list[NewRepository], Field(max_length=1000)] | None = None
    criticality: _Name | None = None
    scope: Annotated[list[_Name], Field(max_length=1000)] | None = None
    deployment_source: Annotated[dict[str, _Handle], Field(max_length=1000)] | None = None
    effective_from: _Instant | None = None
    reason: _Text | None = None


class Reason(_Body):
    """Why."""

    reason: _Text


class Withdrawal(_Body):
    """Why, or nothing."""

    reason: _Text | None = None


class DeploymentAssessment(_Body):
    """What a deployment did, as it is seen now."""

    source: _Handle
    service: _Name | None = None
    environment: _Name | None = None
    remediates: Annotated[list[_Name], Field(max_length=1000)] | None = None
    rolls_back: _Name | None = None
    impact: bool | Literal["unknown"] | None = None
    reason: _Text


class IncidentAssessment(_Body):
    """What an incident was, as it is seen now."""

    source: _Handle
    service: _Name | None = None
    environment: _Name | None = None
    caused_by: _Name | None = None
    cause: _Name | None = None
    severity: _Name | None = None
    category: Literal["availability", "security", "privacy"] | None = None
    started_at: _Instant | None = None
    detected_at: _Instant | None = None
    reason: _Text


@router.post("/v1/{ledger}/environments", status_code=201, tags=["decide"])
async def post_environment(request: Request, ledger: str, wanted: NewEnvironment) -> Response:
    """Say which tier an environment has; 202 where a second person has to confirm it."""
    return await _command(
        request, ledger, lambda by: by.register("environment.registered", wanted.said())
    )


@router.post("/v1/{ledger}/services", status_code=201, tags=["decide"])
async def post_service(request: Request, ledger: str, wanted: NewService) -> Response:
    """Say what a service is; 202 where a second person has to confirm it."""
    return await _command(
        request, ledger, lambda by: by.register("service.registered", wanted.said())
    )


@router.post("/v1/{ledger}/entries/{position}/void", status_code=201, tags=["decide"])
async def post_void(request: Request, ledger: str, position: Position, wanted: Reason) -> Response:
    """Let an event count no more; 202 where a second person has to confirm it."""
    return await _command(request, ledger, lambda by: by.void(position, wanted.reason))


@router.post("/v1/{ledger}/deployments/{identity:path}/assess", status_code=201, tags=["decide"])
async def post_deployment(
    request: Request, ledger: str, identity: _Id, wanted: DeploymentAssessment
) -> Response:
    """Restate what a deployment remedied, rolled back or harmed."""
    return await _assess(request, ledger, "deployment", identity, wanted.said())


@router.post("/v1/{ledger}/incidents/{identity:path}/assess", status_code=201, tags=["decide"])
async def post_incident(
    request: Request, ledger: str, identity: _Id, wanted: IncidentAssessment
) -> Response:
    """Restate what caused an incident, and how bad it was."""
    return await _assess(request, ledger, "incident", identity, wanted.said())


@router.get("/v1/{ledger}/commands", tags=["read"])
async def get_commands(request: Request, ledger: str) -> Response:
    """What waits for a second person, oldest first."""
    here, _ = await enter_reading(request, ledger, ("operator", "auditor"))
    found = await run_in_threadpool(waiting, here.ledger, request.app.state.clock())
    body = {"commands": [shown(one) for one in found]}
    return Response(msgspec.json.encode(body), headers=facts(here), media_type=JSON)


@router.post("/v1/{ledger}/commands/{position}/confirm", status_code=201, tags=["decide"])
async def post_confirm(request: Request, ledger: str, position: Position) -> Response:
    """Decide what another operator proposed."""
    return await _command(request, ledger, lambda by: by.confirm(position))


@router.post("/v1/{ledger}/commands/{position}/withdraw", status_code=201, tags=["decide"])
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
    request: Request, ledger: str, command: Callable[[Deciding], Decided]
) -> Response:
    here, credential = enter(request, ledger, OPERATOR)
    state = request.app.state

    def decide() -> tuple[Decided, dict[str, Any]]:
        done = command(Deciding(here, credential, state.clock(), state.entropy))
        return done, _receipt(here, done.position)

    done, receipt = await run_in_threadpool(decide)
    if done.expires is None:
        return Response(msgspec.json.encode(receipt), 201, facts(here), JSON)
    body = {
        "proposal": done.position,
        "expires": done.expires,
        "confirm": f"/v1/{ledger}/commands/{done.position}/confirm",
        "receipt": receipt,
    }
    return Response(msgspec.json.encode(body), 202, facts(here), JSON)


def _receipt(here: Served, position: int) -> dict[str, Any]:
    reader = here.ledger.reader
    row = reader.entry(position, here.ledger.published.size)
    return receipts.receipt(row.raw, row.leaf, position, reader.checkpoint(position))
