"""The envelope of a CDEvent."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final
from uuid import NAMESPACE_URL, uuid5

from domain.instant import write_time
from exporters.cdevents.kinds import shape_of

if TYPE_CHECKING:
    from exporters.told import Told

VERSION: Final = "0.5.1"
MEDIA_TYPE: Final = "application/cloudevents+json"


def cdevent_of(told: Told) -> dict[str, Any]:
    """The CDEvent of an event: same source, id and time, so that one sent twice is one.

    `customData.pipeledger` says where it stands in the ledger, and what else it holds.
    """
    shape = shape_of(told)
    context = {
        "specversion": VERSION,
        "id": told.id,
        "source": told.source,
        "type": shape.type,
        "timestamp": write_time(told.occurred_at),
    }
    if (run := told.text("run")) is not None:
        # All that happened in one run is one chain.
        context["chainId"] = str(uuid5(NAMESPACE_URL, f"{told.origin} {told.source} {run}"))
    custom: dict[str, Any] = {
        "pipeledger": {
            "origin": told.origin,
            "position": told.position,
            "type": told.type,
            "assurance": told.assurance,
            "data": dict(told.plain()),
        }
    }
    if (commit := told.text("commit")) is not None:
        custom["commit"] = commit
    return {
        "context": context,
        "subject": {"id": shape.subject, "source": told.source, "content": shape.content},
        "customData": custom,
        "customDataContentType": "application/json",
    }


def cloudevent_of(told: Told) -> bytes:
    """The CDEvent within a CloudEvent in its structured form, as CDEvents binds them."""
    inner = cdevent_of(told)
    context = inner["context"]
    return json.dumps({
        "specversion": "1.0",
        "id": context["id"],
        "source": context["source"],
        "type": context["type"],
        "subject": inner["subject"]["id"],
        "time": context["timestamp"],
        "datacontenttype": "application/json",
        "data": inner,
    }).encode()  # fmt: skip
