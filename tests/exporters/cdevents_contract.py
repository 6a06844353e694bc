"""What CDEvents 0.5.1 allows and demands of each type that leaves, written from the specification.

A type's content: names of fields to a pair of "is demanded" and the check of its value.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from uuid import UUID

if TYPE_CHECKING:
    from collections.abc import Callable

    Content = dict[str, tuple[bool, Callable[[Any], bool]]]


def _text(value: Any) -> bool:  # noqa: ANN401 - JSON
    return isinstance(value, str) and value != ""


def _uri(value: Any) -> bool:  # noqa: ANN401 - JSON
    return (
        _text(value) and " " not in value and bool(urlsplit(value).path or urlsplit(value).netloc)
    )


def _purl(value: Any) -> bool:  # noqa: ANN401 - JSON
    return _text(value) and re.fullmatch(r"pkg:[a-z.+-]+/[^ ]+", value) is not None


def _reference(value: Any) -> bool:  # noqa: ANN401 - JSON
    return (
        isinstance(value, dict)
        and {"id"} <= value.keys() <= {"id", "source"}
        and all(map(_text, value.values()))
    )


def _suite(value: Any) -> bool:  # noqa: ANN401 - JSON
    return (
        isinstance(value, dict)
        and {"id"} <= value.keys() <= {"id", "version", "name", "uri"}
        and all(map(_text, value.values()))
    )


def _document(value: Any) -> bool:  # noqa: ANN401 - JSON
    return isinstance(value, dict) and value.keys() == {"uri"} and _uri(value["uri"])


def _list(value: Any) -> bool:  # noqa: ANN401 - JSON
    return isinstance(value, list) and all(map(_text, value))


def _one_of(*words: str) -> Callable[[Any], bool]:
    return lambda value: value in words


_OUTCOME = _one_of("success", "failure", "cancel", "error")
_REPOSITORY: Content = {"repository": (False, _reference), "description": (False, _text)}
_SERVICE: Content = {"environment": (True, _reference), "artifactId": (True, _purl)}
_INCIDENT: Content = {
    "environment": (True, _reference), "service": (False, _reference),
    "artifactId": (False, _purl), "description": (False, _text),
}  # fmt: skip
_TICKET: Content = {
    "summary": (False, _text), "ticketType": (False, _text), "group": (False, _text),
    "creator": (False, _text), "priority": (False, _text), "uri": (True, _uri),
    "assignees": (False, _list), "labels": (False, _list), "milestone": (False, _text),
}  # fmt: skip
CONTENTS: dict[str, Content] = {
    "pipelinerun.started.0.3.0": {"pipelineName": (False, _text), "uri": (False, _uri)},
    "pipelinerun.finished.0.3.0": {
        "pipelineName": (False, _text), "uri": (False, _uri), "outcome": (False, _OUTCOME),
        "errors": (False, _text),
    },
    "taskrun.finished.0.3.0": {
        "taskName": (False, _text), "uri": (False, _uri), "pipelineRun": (False, _reference),
        "outcome": (False, _OUTCOME), "errors": (False, _text),
    },
    "build.finished.0.3.0": {"artifactId": (False, _purl)},
    "artifact.published.0.3.0": {"user": (False, _text), "sbom": (False, _document)},
    "change.created.0.4.0": _REPOSITORY,
    "change.updated.0.3.0": {"repository": (False, _reference)},
    "change.reviewed.0.3.0": {"repository": (False, _reference)},
    "change.merged.0.3.0": {"repository": (False, _reference)},
    "change.abandoned.0.3.0": {"repository": (False, _reference)},
    "testsuiterun.finished.0.3.0": {
        "environment": (True, _reference), "outcome": (True, _OUTCOME),
        "testSuite": (False, _suite),
        "severity": (False, _one_of("low", "medium", "high", "critical")), "reason": (False, _text),
    },
    "service.deployed.0.3.0": _SERVICE,
    "service.upgraded.0.3.0": _SERVICE,
    "service.rolledback.0.3.0": _SERVICE,
    "environment.created.0.3.0": {"name": (False, _text), "uri": (False, _uri)},
    "environment.modified.0.3.0": {"name": (False, _text), "uri": (False, _uri)},
    "incident.detected.0.3.0": _INCIDENT,
    "incident.resolved.0.3.0": _INCIDENT,
    "ticket.created.0.2.0": _TICKET,
    "ticket.updated.0.2.0": _TICKET | {"updatedBy": (False, _text)},
}  # fmt: skip
_CUSTOM = re.compile(r"dev\.cdeventsx\.[a-zA-Z0-9]+-[a-zA-Z]+\.[a-zA-Z]+\.[0-9]\.[0-9]\.[0-9]")


def faults(event: dict[str, Any]) -> list[str]:
    """What is wrong with an event; nothing, if it keeps to the specification."""
    context, subject = event["context"], event["subject"]
    found = [
        f"{place} has {sorted(said)}"
        for place, said, allowed, demanded in (
            ("event", event.keys(),
             {"context", "subject", "customData", "customDataContentType"},
             {"context", "subject"}),
            ("context", context.keys(),
             {"specversion", "id", "source", "type", "timestamp", "schemaUri", "chainId", "links"},
             {"specversion", "id", "source", "type", "timestamp"}),
            ("subject", subject.keys(), {"id", "source", "content"}, {"id", "content"}),
        )
        if not demanded <= said <= allowed
    ]  # fmt: skip
    found += [f"no text in {name}" for name in ("id", "type") if not _text(context.get(name))]
    if not _text(subject.get("id")) or not _uri(context.get("source")):
        found.append("no id or no source")
    if datetime.fromisoformat(context["timestamp"]).utcoffset() is None:
        found.append("no instant")
    if "chainId" in context:
        UUID(context["chainId"])
    if not isinstance(event.get("customData", {}), dict | str):
        found.append("customData is no object")
    kind = context["type"]
    if kind.startswith("dev.cdeventsx."):
        return found + ([] if _CUSTOM.fullmatch(kind) else [f"no custom type: {kind}"])
    wanted = CONTENTS.get(kind.removeprefix("dev.cdevents."))
    if wanted is None:
        return [*found, f"unknown type {kind}"]
    content = subject["content"]
    found += [f"content has {name}" for name in content if name not in wanted]
    found += [f"content lacks {name}" for name, (must, _) in wanted.items()
              if must and name not in content]  # fmt: skip
    return found + [
        f"{name} is {value!r}"
        for name, value in content.items()
        if name in wanted and not wanted[name][1](value)
    ]
