"""What Codecov's uploaders send: names of files, and reports one after the other.

Each report in it that is of a format of coverage becomes a fact; others and variables are not read.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from domain.errors import TooLargeError
from intake.coverage import cobertura, coverage_py
from intake.report import Format, Reading
from intake.shape import shape_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from intake.shape import Shape

_MARK: Final = re.compile(r"^(?:<<<<<< (?:network|EOF|ENV)\s*$|# path=)", re.MULTILINE)
_END: Final = re.compile(rb"(?m)^<<<<<< (?:network|EOF|ENV)[^\S\n]*$")
_PATH: Final = re.compile(rb"\s*# path=[^\n]*\n")
_FORMATS: Final = (cobertura.FORMAT, coverage_py.FORMAT)
_MOST: Final = 1000


def claims(shape: Shape) -> bool:
    """A text with the lines that divide it."""
    return "<<<<<< " in shape.head and _MARK.search(shape.head) is not None


def read(body: bytes) -> list[Reading]:
    """The readings of the reports in an upload.

    Raises:
        RefusedError: a report is not what it begins as; the place in it is named.
        TooLargeError: a limit was passed.
    """
    found = []
    for number, report in enumerate(_reports(body)):
        if number == _MOST:
            raise TooLargeError("document", f"more than {_MOST} reports")
        shape = shape_of(report)
        form = next((one for one in _FORMATS if one.claims(shape)), None)
        found += form.read(report) if form is not None else []
    return found


def _reports(body: bytes) -> Iterator[bytes]:
    start = 0
    for end in _END.finditer(body):
        part = body[start : end.start()]
        path = _PATH.match(part)
        if path is not None:
            yield part[path.end() :]
        start = end.end()


FORMAT: Final = Format("codecov-upload", "Codecov upload", "text/plain", claims, read)
