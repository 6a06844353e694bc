"""Prometheus Alertmanager's webhook, version 4: a group of alerts, each of which is a fact."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from intake.json_body import read_fields
from intake.labelled import Group, readings_of
from intake.order import by_time
from intake.report import Format, Reading
from intake.schemes import by_token
from intake.sender import Sender

if TYPE_CHECKING:
    from intake.shape import Shape

_MARKS: Final = frozenset({"version", "groupKey", "receiver", "status", "alerts", "externalURL"})
_VERSION: Final = "4"


def claims(shape: Shape) -> bool:
    """Version 4 of a group with its key, receiver and alerts."""
    told = (shape.members or {}).keys()
    return told >= _MARKS and shape.text("version") == _VERSION


def read(body: bytes) -> list[Reading]:
    """The readings of a group's alerts, earliest first.

    Raises:
        RefusedError: no such group; the place is named.
        TooLargeError: a limit was passed.
    """
    return by_time(readings_of(read_fields(body, Group), "Alertmanager"))


FORMAT: Final = Format(
    "alertmanager", "Alertmanager webhook", "application/json", claims, read
)  # fmt: skip
SENDER: Final = Sender(
    name="alertmanager",
    title="Prometheus Alertmanager",
    scheme=by_token(
        "in alertmanager.yml, receivers, webhook_configs: url as above, and below http_config the "
        "secret as authorization: credentials (or as basic_auth: password)"
    ),
    formats=(FORMAT,),
)
