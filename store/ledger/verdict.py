"""What becomes of a group's requests, decided in order before anything of them is written.

Duplicates and conditions are evaluated against the database plus what is pending in the group;
what is refused leaves before the insert.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.errors import PipeledgerError, ReusedIdError
from store.ledger.query import matches
from store.ledger.request import ConditionFailedError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from eventsourcing.dcb.api import DCBAppendCondition, DCBQuery

    from store.ledger.answers import Answer
    from store.ledger.group import Appended, Group
    from store.ledger.lookup import Known
    from store.ledger.request import Request


def decide(
    group: Group,
    known: Known,
    requests: Iterable[Request],
    stands: Callable[[DCBQuery, int], bool],
) -> tuple[list[tuple[Request, tuple[Appended | PipeledgerError, ...]]], list[Answer]]:
    """Place the events of requests in their group, in order.

    Args:
        group: that they shall be in.
        known: deliveries that are in the ledger.
        requests: that came together.
        stands: whether an entry over a position matches a query in the ledger.

    Returns:
        The requests that were not refused as a whole, with the outcome of each of their events,
        and what the others are told once the group stands: what refused them may be in it.
    """
    answers = []
    refusals: list[Answer] = []
    for request in requests:
        try:
            answers.append((request, _outcomes(group, known, request, stands)))
        except PipeledgerError as error:
            refusals.append((request.future, error))
    return answers, refusals


def _outcomes(
    group: Group, known: Known, request: Request, stands: Callable[[DCBQuery, int], bool]
) -> tuple[Appended | PipeledgerError, ...]:
    # Every refusal of an atomic request is found before its first event is placed:
    # what is placed cannot be taken back.
    verdicts = _verdicts(group, known, request)
    if request.condition is not None:
        _check_condition(group, request.condition, stands)
    if request.atomic:
        for verdict in verdicts:
            if isinstance(verdict, PipeledgerError):
                raise verdict
    outcomes: list[Appended | PipeledgerError] = []
    for event, verdict in zip(request.events, verdicts, strict=True):
        if isinstance(event, PipeledgerError):
            outcomes.append(event)
        elif verdict is not None:
            outcomes.append(verdict)
        elif event.key is not None and event.key in group.placed:
            outcomes.append(group.repeat(group.placed[event.key][1]))
        else:
            outcomes.append(group.place(event))
    return tuple(outcomes)


def _verdicts(
    group: Group, known: Known, request: Request
) -> list[Appended | PipeledgerError | None]:
    """What is decided before placing: repeats and refusals; None: to be placed."""
    verdicts: list[Appended | PipeledgerError | None] = []
    within: dict[bytes, bytes] = {}
    for nth, event in enumerate(request.events):
        if isinstance(event, PipeledgerError):
            verdicts.append(event)
            continue
        found = None
        if event.key is not None:
            found = known.get(event.key) or group.placed.get(event.key)
        if found is not None:
            mac, outcome = found
            verdicts.append(
                group.repeat(outcome) if event.mac == mac else ReusedIdError(outcome.position, nth)
            )
        elif event.key is not None and event.mac is not None:
            first = within.setdefault(event.key, event.mac)
            verdicts.append(None if first == event.mac else ReusedIdError(None, nth))
        else:
            verdicts.append(None)
    return verdicts


def _check_condition(
    group: Group, condition: DCBAppendCondition, stands: Callable[[DCBQuery, int], bool]
) -> None:
    query, after = condition.fail_if_events_match, condition.after or 0
    first = group.head.position - len(group.pending)
    for offset, event in enumerate(group.pending, 1):
        if first + offset > after and matches(query, event.type, event.matching):
            raise ConditionFailedError("a matching event was appended meanwhile")
    if stands(query, after):
        raise ConditionFailedError("a matching event is in the ledger")
