"""Scans of images as Prisma Cloud's console exports them: CSV, a line a finding."""

from __future__ import annotations

import csv
import io
import re
from typing import TYPE_CHECKING, Any, Final

from domain.errors import RefusedError
from intake.ids import digest_of
from intake.instant import told_time
from intake.order import by_time
from intake.prisma_cloud.found import Found
from intake.report import Format, Reading
from intake.rows import named

if TYPE_CHECKING:
    from collections.abc import Iterator

    from intake.shape import Shape

_HEAD: Final = re.compile(r'"?Registry"?([,;])"?Repository"?\1"?Tag"?\1"?Id"?\1')
_NEEDED: Final = ("Registry", "Repository", "Tag", "Id", "CVE ID", "Severity")
_READ: Final = frozenset({
    *_NEEDED, "Packages", "Package Version", "Fix Status", "Compliance ID", "Pass", "Scan Time",
})  # fmt: skip
_PASSED: Final = {"true": True, "false": False}
Image = tuple[str, str, str, str]


def claims(shape: Shape) -> bool:
    """A head that names an image in its parts."""
    return _HEAD.match(shape.head) is not None


def read(body: bytes) -> list[Reading]:
    """The readings of a table: each image in it is a scan.

    Raises:
        RefusedError: no such table; names the line.
        TooLargeError: too many findings.
    """
    text = body.decode()
    head = _HEAD.match(text)
    if head is None:
        raise RefusedError("line 1", "expected Registry, Repository, Tag, Id")
    rows = _rows(text, head[1])
    columns = {name: at for at, name in reversed(list(enumerate(next(rows)))) if name in _READ}
    if any(name not in columns for name in _NEEDED):
        raise RefusedError("line 1", f"expected {', '.join(_NEEDED)}")
    images: dict[Image, tuple[Found, dict[str, str]]] = {}
    for row in rows:
        line = {name: row[at].strip() if at < len(row) else "" for name, at in columns.items()}
        key = (line["Registry"], line["Repository"], line["Tag"], line["Id"])
        if any(key):
            found, _ = images.setdefault(key, (Found(_name(key), image=True), line))
            _take(found, line)
    return by_time(
        one for key, (found, line) in images.items() for one in _readings(key, found, line)
    )


def _rows(text: str, delimiter: str) -> Iterator[list[str]]:
    """The rows; quotation marks within a field are doubled."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        yield from reader
    except csv.Error as error:
        raise RefusedError(f"line {reader.line_num}", f"no CSV: {error}") from None


def _take(found: Found, line: dict[str, str]) -> None:
    if line["CVE ID"]:
        found.vulnerability(
            line["CVE ID"], line["Severity"], line.get("Packages"), line.get("Package Version"),
            line.get("Fix Status"),
        )  # fmt: skip
    elif line["Severity"]:
        found.issue(line.get("Compliance ID") or None, line["Severity"])


def _readings(key: Image, found: Found, line: dict[str, str]) -> list[Reading]:
    data: dict[str, Any] = {"image_id": digest_of(key[3])}
    passed = {"scan": _PASSED.get(line.get("Pass", "").lower())}
    return found.readings(told_time(line.get("Scan Time")), data, passed)


def _name(key: Image) -> str | None:
    path = "/".join(filter(None, key[:2]))
    return named(f"{path}:{key[2]}" if key[2] else path)


FORMAT: Final = Format("prisma-cloud-csv", "Prisma Cloud CSV", "text/csv", claims, read)
