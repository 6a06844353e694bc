"""ZAP's traditional XML report, and the one with requests and responses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from domain.errors import RefusedError
from intake.report import Format, Reading
from intake.xml_body import read_elements
from intake.zap.alerts import Alert, Sites

if TYPE_CHECKING:
    from collections.abc import Mapping

    from intake.shape import Shape

_ROOT: Final = "OWASPZAPReport"
_ALERT: Final = "alertitem"
_FIELDS: Final = {
    "pluginid": "plugin", "alertRef": "reference", "name": "name", "alert": "name",
    "riskcode": "risk", "confidence": "confidence", "cweid": "cwe", "count": "count",
}  # fmt: skip
_MOST_TEXT: Final = 2048


def claims(shape: Shape) -> bool:
    """The outermost element."""
    return shape.root == _ROOT


def read(body: bytes) -> list[Reading]:
    """The reading of a report.

    Raises:
        RefusedError: no such report; the place is named.
        TooLargeError: a limit was passed.
    """
    report = _Report()
    read_elements(body, report, report.text)
    return [report.reading()]


class _Report:
    """Hears the elements; of their text only that of an alert's own short fields."""

    def __init__(self) -> None:
        self._path: list[str] = []
        self._root: Mapping[str, str] = {}
        self._sites = Sites()
        self._alert = Alert()
        self._field: str | None = None
        self._text = ""

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        outer = self._path[-1] if self._path else None
        self._path.append(name)
        self._field = None
        if outer is None:
            self._begin(name, attributes)
        elif name == "site":
            self._sites.enter(attributes.get("name"))
        elif name == _ALERT:
            self._alert = Alert()
        elif outer == _ALERT:
            self._field, self._text = _FIELDS.get(name), ""
            if name == "instances":
                self._alert.instances = 0
        elif name == "instance" and outer == "instances":
            self._alert.instances = (self._alert.instances or 0) + 1

    def text(self, text: str) -> None:
        if self._field is not None and len(self._text) < _MOST_TEXT:
            self._text += text

    def end(self, name: str) -> None:
        self._path.pop()
        if name == _ALERT:
            self._sites.add(self._alert)
        elif self._field is not None:
            setattr(self._alert, self._field, self._text.strip() or None)
            self._field = None

    def _begin(self, name: str, attributes: Mapping[str, str]) -> None:
        if name != _ROOT:
            raise RefusedError("document", f"expected {_ROOT} as outermost element")
        self._root = attributes

    def reading(self) -> Reading:
        root = self._root
        return self._sites.reading(root.get("version"), root.get("created"), root.get("generated"))


FORMAT: Final = Format("zap-xml", "ZAP XML report", "application/xml", claims, read)
