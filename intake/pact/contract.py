"""A contract (pact file, versions 1 to 4): what a consumer expects. It is no result of a test."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, Final

import msgspec

from domain.errors import RefusedError
from intake.instant import told_time
from intake.json_body import read_fields
from intake.pact.verified import service_of
from intake.report import Format, Reading
from intake.rows import named

if TYPE_CHECKING:
    from intake.shape import Shape

_HTTP: Final = "Synchronous/HTTP"
_MESSAGE: Final = "Asynchronous/Messages"
_KINDS: Final = frozenset({_HTTP, _MESSAGE, "Synchronous/Messages"})


class _Party(msgspec.Struct, gc=False):
    """Consumer or provider."""

    name: str | None = None


class _Interaction(msgspec.Struct, gc=False):
    """An interaction; version 4 says of which kind. Requests and responses are not read."""

    type: str | None = None


class _Contract(msgspec.Struct, gc=False):
    """The file; with an instant where a broker gives it."""

    consumer: _Party
    provider: _Party
    interactions: list[_Interaction] | None = None
    messages: list[_Interaction] | None = None
    metadata: dict[str, Any] | None = None
    created: str | None = msgspec.field(name="createdAt", default=None)


def claims(shape: Shape) -> bool:
    """Consumer and provider with a name, and interactions or messages."""
    told = shape.members or {}
    return (
        bool({"interactions", "messages"} & told.keys())
        and "name" in shape.inner("consumer")
        and "name" in shape.inner("provider")
    )


def read(body: bytes) -> list[Reading]:
    """The reading of a file.

    Raises:
        RefusedError: no contract; the place is named.
        TooLargeError: a limit was passed.
    """
    contract = read_fields(body, _Contract)
    consumer, provider = named(contract.consumer.name), named(contract.provider.name)
    if consumer is None or provider is None:
        raise RefusedError("field consumer", "expected names of consumer and provider")
    counts = Counter(_kind(one.type) for one in contract.interactions or ())
    # Version 3 keeps messages apart, and has one kind of them.
    counts[_MESSAGE] += len(contract.messages or ())
    told = told_time(contract.created)
    metadata = contract.metadata or {}
    tool, version = _tool(metadata)
    data: dict[str, Any] = {
        "kind": "contract",
        "format": "pact",
        "format_version": _specification(metadata),
        "consumer": consumer,
        "provider": provider,
        "counts": {kind: number for kind, number in sorted(counts.items()) if number},
        "tool": tool,
        "tool_version": version,
        **service_of(consumer),
    }
    return [
        Reading(
            type="pipeledger.artifact.described.v1",
            data={name: value for name, value in data.items() if value is not None},
            time=told.time if told else None,
            local_time=told.local if told else None,
        )
    ]


def _kind(told: str | None) -> str:
    if told is None:
        return _HTTP
    return told if told in _KINDS else "other"


def _specification(metadata: dict[str, Any]) -> str | None:
    """Its version; older writers spell it otherwise."""
    flat = metadata.get("pactSpecificationVersion")
    if isinstance(flat, str):
        return named(flat)
    for name in ("pactSpecification", "pact-specification"):
        if (version := _text(metadata.get(name), "version")) is not None:
            return version
    return None


def _tool(metadata: dict[str, Any]) -> tuple[str | None, str | None]:
    """The library that wrote the file, where it says so."""
    for name, tool, keys in (
        ("pactRust", "pact-rust", ("ffi", "models")),
        ("pact-rust", "pact-rust", ("version",)),
        ("pact-jvm", "pact-jvm", ("version",)),
    ):
        if name in metadata:
            versions = (_text(metadata[name], key) for key in keys)
            return tool, next((one for one in versions if one is not None), None)
    return None, None


def _text(holder: object, name: str) -> str | None:
    value = holder.get(name) if isinstance(holder, dict) else None
    return named(value) if isinstance(value, str) else None


FORMAT: Final = Format("pact", "Pact contract", "application/json", claims, read)
