"""Policy checks, evaluations and outcomes of policy sets, as HCP Terraform's API gives them.

A soft policy that failed may be overridden: then there are two facts, that it failed, and that
somebody let the run go on. Who that was the API does not say here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from intake.instant import told_time
from intake.json_body import read_fields
from intake.number import count_of, seconds_of
from intake.order import by_time
from intake.report import Format, Reading, fact
from intake.rows import named
from intake.scan import differing
from intake.sentinel.checked import ADVISORY, TOOL, checked

if TYPE_CHECKING:
    from collections.abc import Iterator

    from intake.shape import Members, Shape

_TYPES: Final = frozenset({"policy-checks", "policy-evaluations", "policy-set-outcomes"})
_FAILED: Final = ("hard-failed", "soft-failed", "advisory-failed")
_EVALUATED: Final = ("passed", "mandatory-failed", "advisory-failed", "errored")
_UNDECIDED: Final = frozenset({"errored", "canceled", "unreachable", "force_canceled"})
_DONE: Final = _UNDECIDED | {"passed", "failed", "soft_failed", "hard_failed", "overridden"}
_ENDS: Final = (
    "passed-at", "soft-failed-at", "hard-failed-at", "failed-at", "errored-at", "canceled-at",
)  # fmt: skip
_OVERRIDDEN: Final = "overridden"
_MILLIS: Final = 1000


class _Object(msgspec.Struct, gc=False, rename="kebab"):
    """An object; any field may be missing or null."""


class Policy(_Object):
    """A policy of a check."""

    policy: Any = None
    result: bool | None = None


class Policies(_Object):
    """The policies of a set."""

    policies: list[Policy] | None = None


class Sentinel(_Object):
    """What Sentinel says itself: policies, or since version 1 of its schema sets of them."""

    policies: list[Policy] | None = None
    data: dict[str, Policies | None] | None = None


class Result(_Object):
    """The counts of a check."""

    passed: Any = None
    total_failed: Any = None
    hard_failed: Any = None
    soft_failed: Any = None
    advisory_failed: Any = None
    duration_ms: Any = None
    sentinel: Sentinel | None = None


class Outcome(_Object):
    """What came of one policy of a set."""

    enforcement_level: str | None = msgspec.field(name="enforcement_level", default=None)
    query: str | None = None
    status: str | None = None
    policy_name: str | None = msgspec.field(name="policy_name", default=None)


class Attributes(_Object):
    """What there is to say of any of the three."""

    status: str | None = None
    scope: str | None = None
    result: Result | None = None
    status_timestamps: dict[str, Any] | None = None
    policy_kind: str | None = None
    policy_tool_version: str | None = None
    result_count: dict[str, Any] | None = None
    outcomes: list[Outcome] | None = None
    policy_set_name: str | None = None
    overridable: bool | None = None


class Linked(_Object):
    """What something belongs to."""

    id: str | None = None
    type: str | None = None


class Relation(_Object):
    """A relation to one thing; a list is not read."""

    data: Any = None


class Item(_Object):
    """A check, an evaluation, or an outcome."""

    id: str | None = None
    type: str | None = None
    attributes: Attributes | None = None
    relationships: dict[str, Relation | None] | None = None


class Answer(_Object):
    """An answer of the API."""

    data: Item | list[Item] | None = None


def claims(shape: Shape) -> bool:
    """An answer with one of the three, or a list of them."""
    members = shape.members or {}
    return "data" in members and any(
        _is_ours(one) for one in (shape.inner("data"), shape.first("data"))
    )


def _is_ours(members: Members) -> bool:
    return bytes(members.get("type", b"")).strip(b'"').decode(errors="replace") in _TYPES


def read(body: bytes) -> list[Reading]:
    """The readings of an answer; what is not decided yet has none.

    Raises:
        RefusedError: no such answer; the place is named.
        TooLargeError: a limit was passed.
    """
    told = read_fields(body, Answer).data
    items = told if isinstance(told, list) else [told] if told is not None else []
    return by_time(one for item in items for one in _readings(item))


def _readings(item: Item) -> Iterator[Reading]:
    one = item.attributes or Attributes()
    if item.type == "policy-set-outcomes":
        yield _outcome(item, one)
        return
    if one.status not in _DONE:
        return
    stamps = one.status_timestamps or {}
    time = next((stamp for name in _ENDS if isinstance(stamp := stamps.get(name), str)), None)
    reader = _check if item.type == "policy-checks" else _evaluation
    yield reader(item, one, time)
    if one.status == _OVERRIDDEN:
        at = stamps.get("overridden-at")
        yield fact("approval.reported", told_time(at if isinstance(at, str) else None), {
            "approval": named(item.id) or "unknown",
            "verdict": "approved",
            "role": "policy override",
            "subjects": [{"kind": "plan"}],
            "system": "terraform",
            "run": _run(item),
            "reported_outcome": one.status,
            "tool": TOOL,
        }, kind=named(item.type))  # fmt: skip


def _check(item: Item, one: Attributes, time: str | None) -> Reading:
    result = one.result or Result()
    counts = {
        "passed": count_of(result.passed) or 0,
        "hard-failed": count_of(result.hard_failed) or 0,
        "soft-failed": count_of(result.soft_failed) or 0,
        "advisory-failed": count_of(result.advisory_failed) or 0,
    }
    failed = sum(counts[name] for name in _FAILED)
    said = result.sentinel or Sentinel()
    sets = [one for one in (said.data or {}).values() if one is not None]
    policies = [*(said.policies or ()), *(each for one in sets for each in one.policies or ())]
    names = ((_name(each.policy), each.result is True, None) for each in policies)
    told = ((name, held, level) for name, held, level in names if name is not None)
    return checked(told_time(time), told, counts, _common(item, one) | {
        "claimed": differing({"failed": failed}, {"failed": count_of(result.total_failed)}),
        "duration_s": seconds_of(result.duration_ms, _MILLIS),
        "scope": named(one.scope),
    })  # fmt: skip


def _evaluation(item: Item, one: Attributes, time: str | None) -> Reading:
    return checked(told_time(time), (), _counts(one), _common(item, one) | {
        "tool": named(one.policy_kind),
    })  # fmt: skip


def _outcome(item: Item, one: Attributes) -> Reading:
    outcomes = one.outcomes or []
    counts = _counts(one)
    told = (
        (name, each.status == "passed", ADVISORY if each.enforcement_level == ADVISORY else None)
        for each in outcomes
        if (name := named(each.policy_name)) is not None
    )
    mandatory = bool(counts.get("mandatory-failed"))
    data = _common(item, one) | {
        "tool": "opa" if any(each.query for each in outcomes) else None,
        "policy": named(one.policy_set_name),
        "enforcement": "soft" if mandatory and one.overridable else None,
    }
    return checked(None, told, counts, data)


def _counts(one: Attributes) -> dict[str, int]:
    told = one.result_count or {}
    return {name: count_of(told.get(name)) or 0 for name in _EVALUATED}


def _common(item: Item, one: Attributes) -> dict[str, Any]:
    return {
        "run": _run(item),
        "decision_id": named(item.id),
        "decision": "undecided" if one.status in _UNDECIDED else None,
        "tool_version": named(one.policy_tool_version),
        "reported_outcome": named(one.status),
    }


def _run(item: Item) -> str | None:
    relation = (item.relationships or {}).get("run")
    data = relation.data if relation is not None else None
    run = data.get("id") if isinstance(data, dict) else None
    return named(run) if isinstance(run, str) else None


def _name(policy: Any) -> str | None:  # noqa: ANN401 - JSON
    """A policy's name; newer checks have it in an object."""
    told = policy.get("name") if isinstance(policy, dict) else policy
    return named(told) if isinstance(told, str) else None


FORMAT: Final = Format("sentinel", "HCP Terraform policy checks", "application/json", claims, read)
