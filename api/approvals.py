"""Approvals, emergencies, waivers and who is one person, over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final, Literal

import msgspec
from fastapi import APIRouter, Request, Response
from pydantic import Field
from starlette.concurrency import run_in_threadpool

from api.approving import Approving
from api.commanded import FORBIDDEN, OPERATOR, PROPOSED, command
from api.deciding import Deciding
from api.doors import APPROVERS
from api.entrance import JSON, facts
from api.forms import Body, Handle, Id, Instant, Name, Names, Reason, Text, Withdrawal
from api.one_approval import shown
from api.reads import enter_reading
from domain.decisions.requesting import MOST_REQUIRED, MOST_SUBJECTS

if TYPE_CHECKING:
    from collections.abc import Callable

    from api.deciding import Decided

ASKERS: Final = ("emitter", *APPROVERS)
_WATCHERS: Final = (*ASKERS, "auditor")
Digest = Annotated[str, Field(pattern="^[a-z0-9+._-]{1,32}:[0-9a-f]{32,128}$")]
Commit = Annotated[str, Field(pattern="^([0-9a-f]{40}|[0-9a-f]{64})$")]

router = APIRouter()


class NewSubject(Body):
    """What is approved: an artifact, plan or config by digest, a commit, or a release."""

    kind: Literal["artifact", "plan", "config", "commit", "release"]
    digest: Digest | None = None
    commit: Commit | None = None
    release: Name | None = None


class NewPerson(Body):
    """Somebody, as a tool knows them; at least one of login, email, name, id."""

    system: Name | None = None
    login: Name | None = None
    email: Name | None = None
    name: Name | None = None
    id: Name | None = None


Subjects = Annotated[list[NewSubject], Field(min_length=1, max_length=MOST_SUBJECTS)]
Person = NewPerson | Name


class NewApproval(Body):
    """What is to be approved, for where and how long, by how many and in which roles."""

    subjects: Subjects | None = None
    environments: Names | None = None
    valid_from: Instant | None = None
    valid_until: Instant | None = None
    roles: Annotated[list[Name], Field(max_length=MOST_REQUIRED)] | None = None
    required: Annotated[int, Field(ge=1, le=MOST_REQUIRED)] | None = None
    authors: Annotated[list[Person], Field(max_length=1000)] | None = None
    actor: Person | None = None
    emergency: Name | None = None
    service: Name | None = None
    repository: Handle | None = None
    run: Name | None = None
    ticket: Name | None = None
    url: Handle | None = None
    reason: Text | None = None


class NewGrant(Body):
    """A yes; subjects, where they are named, have to be those that were asked."""

    subjects: Subjects | None = None
    role: Name | None = None
    reason: Text | None = None


class NewEmergency(Body):
    """What goes ahead before its approval, why, and until when it is to be approved."""

    reason: Text
    subjects: Subjects | None = None
    environments: Names | None = None
    service: Name | None = None
    incident: Name | None = None
    ticket: Name | None = None
    approve_until: Instant | None = None


class NewWaiver(Body):
    """From what something is excepted, why, and until when."""

    expires: Instant
    reason: Text
    scope: Names | None = None
    controls: Names | None = None
    rules: Names | None = None
    fingerprints: Names | None = None
    services: Names | None = None
    environments: Names | None = None
    artifacts: Annotated[list[Digest], Field(max_length=1000)] | None = None
    compensating: Text | None = None
    ticket: Name | None = None


class Pair(Body):
    """Two persons: each an id, `system/login`, or an e-mail address."""

    person: Name
    other: Name
    reason: Text


@router.post(
    "/v1/{ledger}/approvals", status_code=201, tags=["decide"], responses=FORBIDDEN
)  # fmt: skip
async def post_approval(request: Request, ledger: str, wanted: NewApproval) -> Response:
    """Ask for an approval; the answer says its id."""
    return await _approve(request, ledger, ASKERS, lambda by: by.request(wanted.said()))


@router.get(
    "/v1/{ledger}/approvals/{identity}", tags=["read"], responses={404: FORBIDDEN[404]}
)  # fmt: skip
async def get_approval(request: Request, ledger: str, identity: Id) -> Response:
    """One approval as it stands now; an emitter sees its state alone."""
    here, credential = await enter_reading(request, ledger, _WATCHERS)
    given_on = facts(here)
    found = await run_in_threadpool(
        shown, here.ledger, identity, request.app.state.clock(), whole=credential.role != "emitter"
    )
    return Response(msgspec.json.encode(found), headers=given_on, media_type=JSON)


@router.post(
    "/v1/{ledger}/approvals/{identity}/grant", status_code=201, tags=["decide"],
    responses=FORBIDDEN,
)  # fmt: skip
async def post_grant(
    request: Request, ledger: str, identity: Id, wanted: NewGrant | None = None
) -> Response:
    """Approve: a person other than requester and authors, once."""
    said = {} if wanted is None else wanted.said()
    return await _approve(request, ledger, APPROVERS, lambda by: by.grant(identity, said))


@router.post(
    "/v1/{ledger}/approvals/{identity}/reject", status_code=201, tags=["decide"],
    responses=FORBIDDEN,
)  # fmt: skip
async def post_reject(request: Request, ledger: str, identity: Id, wanted: Reason) -> Response:
    """Refuse to approve; it ends the request."""
    return await _approve(request, ledger, APPROVERS, lambda by: by.reject(identity, wanted.reason))


@router.post(
    "/v1/{ledger}/approvals/{identity}/withdraw", status_code=201, tags=["decide"],
    responses=FORBIDDEN,
)  # fmt: skip
async def post_withdrawal(
    request: Request, ledger: str, identity: Id, wanted: Withdrawal | None = None
) -> Response:
    """Take a request or an approval back: who requested it, or any approver or operator."""
    reason = None if wanted is None else wanted.reason
    return await _approve(request, ledger, ASKERS, lambda by: by.withdraw(identity, reason))


@router.post("/v1/{ledger}/emergencies", status_code=201, tags=["decide"], responses=FORBIDDEN)
async def post_emergency(request: Request, ledger: str, wanted: NewEmergency) -> Response:
    """Let a change go ahead before its approval; the answer says its id."""
    return await _approve(request, ledger, APPROVERS, lambda by: by.declare(wanted.said()))


@router.post("/v1/{ledger}/waivers", status_code=202, tags=["decide"], responses=PROPOSED)
async def post_waiver(request: Request, ledger: str, wanted: NewWaiver) -> Response:
    """Propose an exception from a rule: another operator has to confirm it, always."""
    return await _decide(request, ledger, lambda by: by.waive(wanted.said()))


@router.post(
    "/v1/{ledger}/waivers/{identity}/revoke", status_code=201, tags=["decide"],
    responses=FORBIDDEN,
)  # fmt: skip
async def post_revocation(request: Request, ledger: str, identity: Id, wanted: Reason) -> Response:
    """Take an exception back."""
    return await _decide(request, ledger, lambda by: by.revoke_waiver(identity, wanted.reason))


@router.post("/v1/{ledger}/people/link", status_code=201, tags=["decide"], responses=PROPOSED)
async def post_link(request: Request, ledger: str, wanted: Pair) -> Response:
    """Say that two accounts are one person; 202 where a second operator has to confirm it."""
    return await _decide(
        request, ledger, lambda by: by.link(wanted.person, wanted.other, wanted.reason)
    )


@router.post("/v1/{ledger}/people/unlink", status_code=201, tags=["decide"], responses=PROPOSED)
async def post_unlink(request: Request, ledger: str, wanted: Pair) -> Response:
    """Say that two accounts are two persons; 202 where a second operator has to confirm it."""
    return await _decide(
        request,
        ledger,
        lambda by: by.link(wanted.person, wanted.other, wanted.reason, linked=False),
    )


async def _approve(
    request: Request,
    ledger: str,
    roles: tuple[str, ...],
    decide: Callable[[Approving], Decided | tuple[Decided, str]],
) -> Response:
    return await command(request, ledger, roles, Approving, decide)


async def _decide(request: Request, ledger: str, decide: Callable[[Deciding], Decided]) -> Response:
    return await command(request, ledger, OPERATOR, Deciding, decide)
