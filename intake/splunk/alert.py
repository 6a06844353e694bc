"""Splunk's webhook action of an alert: the search that fired, and the first of its results.

The result is a row of whatever was searched for. Of it only time and host are read: a log line may
hold anything.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from intake.address import address_of, site_of
from intake.instant import told_stamp, told_time
from intake.json_body import read_fields
from intake.report import Format, Reading, fact
from intake.rows import named
from intake.schemes import AnyOf, Basic, Shared
from intake.sender import Sender
from intake.splunk import collector, on_call

if TYPE_CHECKING:
    from intake.instant import Told
    from intake.shape import Shape

TOOL: Final = "Splunk"
_MARKS: Final = frozenset({"sid", "result", "app"})


class _Alert(msgspec.Struct, gc=False):
    """A search that fired."""

    sid: str | None = None
    search_name: str | None = None
    app: str | None = None
    results_link: str | None = None
    result: dict[str, Any] | None = None


def claims(shape: Shape) -> bool:
    """Id of a search, its app, and a result."""
    return (shape.members or {}).keys() >= _MARKS


def read(body: bytes) -> list[Reading]:
    """The reading of a delivery.

    Raises:
        RefusedError: no alert; the place is named.
        TooLargeError: a limit was passed.
    """
    alert = read_fields(body, _Alert)
    rule, search = named(alert.search_name), named(alert.sid)
    # A search without a name was not kept: it is this one run.
    identity = named(f"{alert.app or ''}/{rule}") if rule else search
    if identity is None:
        return []
    result = alert.result or {}
    told = _told(result.get("_time"))
    data = {
        "fingerprint": identity,
        "rule": rule,
        "target": named(_text(result.get("host"))),
        "started_at": told.time if told and told.local is None else None,
        "url": address_of(alert.results_link),
        "search": search,
        "tool": TOOL,
    }
    return [fact("alert.fired", told, data, kind="alert", source=site_of(alert.results_link))]


def _text(value: object) -> str | None:
    """A field's value; one with several values is an array."""
    if isinstance(value, list):
        value = value[0] if len(value) == 1 else None
    return value if isinstance(value, str) else None


def _told(value: object) -> Told | None:
    return told_stamp(value) or (told_time(value) if isinstance(value, str) else None)


_ENTER: Final = (
    "HTTP Event Collector and On-Call: URL as above and the header Authorization with the value "
    "Splunk (or Bearer) and the secret; an alert's webhook can show none, so let a gateway add it"
)
FORMAT: Final = Format("splunk", "Splunk alert webhook", "application/json", claims, read)
SENDER: Final = Sender(
    name="splunk",
    title=TOOL,
    scheme=AnyOf((
        Shared("authorization", _ENTER, prefix="Splunk "),
        Shared("authorization", _ENTER, prefix="Bearer "),
        Basic(_ENTER),
    )),
    formats=(FORMAT, collector.FORMAT, on_call.FORMAT),
)  # fmt: skip
