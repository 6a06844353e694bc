"""CloudEvents in HTTP's binary mode: attributes in headers, data as the body (HTTP binding 3.1)."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote

import msgspec

if TYPE_CHECKING:
    from collections.abc import Mapping

STRUCTURED: Final = "application/cloudevents+json"
_STRUCTURED: Final = "application/cloudevents"
_ATTRIBUTE: Final = "ce-"
_VERSION: Final = "ce-specversion"


def folded(headers: Mapping[str, str], media_type: str, body: bytes) -> tuple[str, bytes]:
    """Media type and body of the same event in structured mode; of others as they are.

    Without its attributes a body says neither what happened nor when, and two events may have
    the same one.
    """
    if _VERSION not in headers or media_type.startswith(_STRUCTURED):
        return media_type, body
    event: dict[str, Any] = {
        name.removeprefix(_ATTRIBUTE): unquote(value)
        for name, value in headers.items()
        if name.startswith(_ATTRIBUTE)
    }
    event.pop("data", None)
    if media_type:
        event["datacontenttype"] = media_type
    if body.strip():
        event |= _data(body)
    return STRUCTURED, msgspec.json.encode(event)


def _data(body: bytes) -> dict[str, Any]:
    """The data as it came, where it is JSON; else in base64."""
    try:
        return {"data": msgspec.json.decode(body, type=msgspec.Raw)}
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        return {"data_base64": base64.b64encode(body).decode()}
