"""Tekton's CloudEvents (`dev.tekton.event.*`): a run in each, at each step of its way.

Tekton signs nothing; a proxy or the address has to vouch for it. It sends in binary mode, where
the type and time stand in headers; the body alone has the run, and that settles what happened.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Final

from intake.cloudevents.binary import folded
from intake.instant import told_time
from intake.json_body import read_fields
from intake.order import by_time
from intake.report import Format, Reading
from intake.schemes import AnyOf, Basic, Shared
from intake.sender import Sender
from intake.tekton.files import FORMAT as FILES
from intake.tekton.runs import pipeline_run, task_run
from intake.tekton.structure import Data, Envelope

if TYPE_CHECKING:
    from intake.shape import Shape

_PREFIX: Final = "dev.tekton.event."
_CARRIED: Final = frozenset({"pipelineRun", "taskRun", "customRun", "run"})
# A run that is told of as started is told of again with each change until it ends.
_REPEATS: Final = (".queued.v1", ".unknown.v1")


def claims(shape: Shape) -> bool:
    """An event of Tekton's own types, or its data alone."""
    told = shape.members or {}
    if (shape.text("type") or "").startswith(_PREFIX):
        return "specversion" in told
    carried = _CARRIED & told.keys()
    return len(carried) == 1 and told.keys() <= _CARRIED and {
        "metadata", "spec"} <= shape.inner(next(iter(carried))).keys()  # fmt: skip


def kind_of(shape: Shape) -> str | None:
    """The type of the event."""
    return shape.text("type")


def read(body: bytes) -> list[Reading]:
    """The readings of an event; none of a task that runs, or that is queued.

    Raises:
        RefusedError: no such event; the place is named.
        TooLargeError: a limit was passed.
    """
    envelope = read_fields(body, Envelope)
    data = envelope.data if envelope.type is not None else read_fields(body, Data)
    data = data or Data()
    kind = envelope.type
    if data.pipeline_run is not None:
        found = pipeline_run(data.pipeline_run, told_time(envelope.time))
    else:
        run = data.task_run or data.custom_run or data.run
        found = task_run(run) if run is not None else []
    if kind is not None and kind.endswith(_REPEATS):
        found = [one for one in found if not one.type.endswith(".started.v1")]
    return by_time(dataclasses.replace(one, kind=kind or one.kind) for one in found)


_ENTER: Final = (
    "in the ConfigMap config-events (or config-defaults) of tekton-pipelines, sink (or "
    "default-cloud-events-sink): url as above with tekton: and the secret and @ before the host"
)
FORMAT: Final = Format(
    "tekton-cloudevents", "Tekton CloudEvents", "application/cloudevents+json", claims, read
)
SENDER: Final = Sender(
    name="tekton",
    title="Tekton",
    scheme=AnyOf((Basic(_ENTER), Shared("authorization", _ENTER, prefix="Bearer "))),
    formats=(FORMAT, FILES),
    folded=folded,
    kind_of=kind_of,
)
