"""LitmusChaos' resources: results, engines with their experiments, and workflows of them."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, Final

import msgspec

from intake.chaos.verdict import Result, reading_of
from intake.instant import seconds_between, told_time
from intake.json_body import read_items
from intake.order import by_time
from intake.report import Format, Reading, fact
from intake.rows import named

if TYPE_CHECKING:
    from collections.abc import Iterator

    from intake.shape import Members, Shape

_GROUP: Final = '"litmuschaos.io/'
_WORKFLOWS: Final = '"argoproj.io/'
_KINDS: Final = frozenset({b'"ChaosResult"', b'"ChaosEngine"'})
_VERSION: Final = "app.kubernetes.io/version"
_LITMUS: Final = frozenset({"workflow_id", "infra_id", "cluster_id"})
_PHASES: Final = {"Succeeded": "success", "Failed": "failure", "Error": "error"}


class _Metadata(msgspec.Struct, gc=False, rename="camel"):
    """What every resource has."""

    name: str | None = None
    namespace: str | None = None
    labels: dict[str, Any] | None = None
    creation_timestamp: str | None = None


class _Spec(msgspec.Struct, gc=False):
    """Of a result: what it is one of."""

    engine: str | None = None
    experiment: str | None = None


class _Experiment(msgspec.Struct, gc=False, rename="camel"):
    """State of an experiment; in an engine it has a name."""

    name: str | None = None
    phase: str | None = None
    status: str | None = None
    verdict: str | None = None
    fail_step: str | None = None
    probe_success_percentage: str | int | None = None
    last_update_time: str | None = None


class _Target(msgspec.Struct, gc=False):
    """What was harmed."""

    name: str | None = None
    kind: str | None = None


class _History(msgspec.Struct, gc=False, rename="camel"):
    """What became of the runs so far."""

    passed_runs: int | None = None
    failed_runs: int | None = None
    stopped_runs: int | None = None
    targets: list[_Target] | None = None


class _Verdict(msgspec.Struct, gc=False):
    """Of a probe."""

    verdict: str | None = None


class _Probe(msgspec.Struct, gc=False):
    """A probe; older versions have texts for a status."""

    name: str | None = None
    status: msgspec.Raw = msgspec.Raw(b"null")


class _Status(msgspec.Struct, gc=False, rename="camel"):
    """Of a result, an engine or a workflow; the second spelling is of before 1.9."""

    experiment_status: _Experiment | None = None
    experimentstatus: _Experiment | None = msgspec.field(name="experimentstatus", default=None)
    history: _History | None = None
    probe_statuses: list[_Probe] | None = None
    experiments: list[_Experiment] | None = None
    phase: str | None = None
    started_at: str | None = None
    finished_at: str | None = None


class _Resource(msgspec.Struct, gc=False):
    """A resource."""

    kind: str | None = None
    metadata: _Metadata | None = None
    spec: _Spec | None = None
    status: _Status | None = None


def claims(shape: Shape) -> bool:
    """A result or engine of Litmus, or a workflow that it labelled."""
    return _is_litmus(shape.object) or _is_litmus(shape.inside("items").object)


def _is_litmus(one: Members) -> bool:
    version, kind = bytes(one.get("apiVersion", b"")).decode(), bytes(one.get("kind", b""))
    if version.startswith(_GROUP):
        return kind in _KINDS
    return kind == b'"Workflow"' and version.startswith(_WORKFLOWS) and _is_labelled(one)


def _is_labelled(one: Members) -> bool:
    try:
        found = msgspec.json.decode(one.get("metadata", msgspec.Raw(b"{}")), type=_Metadata)
    except (msgspec.DecodeError, RecursionError):
        return False
    return bool(_LITMUS & (found.labels or {}).keys())


def read(body: bytes) -> list[Reading]:
    """The readings of experiments that came to something, earliest first.

    Raises:
        RefusedError: no such resources; the place is named.
        TooLargeError: a limit was passed.
    """
    found = read_items(body, _Resource, "items")
    return by_time(reading for one in found for reading in _readings(one))


def _readings(one: _Resource) -> Iterator[Reading]:
    meta, status = one.metadata or _Metadata(), one.status or _Status()
    if one.kind == "Workflow":
        yield from _workflow(meta, status)
        return
    if one.kind == "ChaosEngine":
        results = [_of_engine(meta, each) for each in status.experiments or ()]
    else:
        results = [_result(one.spec or _Spec(), meta, status)]
    for result in results:
        reading = reading_of(result)
        if reading is not None:
            yield reading


def _result(spec: _Spec, meta: _Metadata, status: _Status) -> Result:
    state = status.experiment_status or status.experimentstatus or _Experiment()
    history, version = status.history or _History(), (meta.labels or {}).get(_VERSION)
    targets = history.targets or ()
    only = targets[0] if len(targets) == 1 else _Target()
    return Result(
        experiment=spec.experiment or meta.name,
        engine=spec.engine,
        namespace=meta.namespace,
        verdict=state.verdict,
        phase=state.phase,
        failed_step=state.fail_step,
        probes=state.probe_success_percentage,
        passed=history.passed_runs,
        failed=history.failed_runs,
        stopped=history.stopped_runs,
        target="/".join(part for part in (only.kind, only.name) if part) or None,
        at=meta.creation_timestamp,
        version=version if isinstance(version, str) else None,
        counts=_probes(status.probe_statuses or []),
    )


def _probes(probes: list[_Probe]) -> dict[str, int] | None:
    counted: Counter[str] = Counter()
    for probe in probes:
        try:
            told = msgspec.json.decode(probe.status, type=_Verdict).verdict
        except (msgspec.DecodeError, RecursionError):
            continue
        if (word := named((told or "").lower())) is not None:
            counted[word] += 1
    return dict(counted.most_common(100)) or None


def _of_engine(meta: _Metadata, one: _Experiment) -> Result:
    return Result(
        experiment=one.name, engine=meta.name, namespace=meta.namespace, verdict=one.verdict,
        phase=one.status, at=one.last_update_time or meta.creation_timestamp,
    )  # fmt: skip


def _workflow(meta: _Metadata, status: _Status) -> Iterator[Reading]:
    outcome, name = _PHASES.get(status.phase or ""), named(meta.name)
    if outcome is None or name is None:
        return
    began, ended = told_time(status.started_at), told_time(status.finished_at)
    data = {
        "outcome": outcome,
        "kind": "chaos",
        "suite": name,
        "environment": named(meta.namespace),
        "environment_basis": "namespace" if named(meta.namespace) else None,
        "started_at": began.time if began else None,
        "duration_s": seconds_between(began, ended),
        "tool": "Litmus",
        "format": "litmus",
        "reported_outcome": status.phase,
    }
    yield fact("tests.finished", ended, data, kind="Workflow")


FORMAT: Final = Format("litmus", "LitmusChaos results", "application/json", claims, read)
