"""Finds the first fault of a JSON text and says where it is.

Exact: walks the text as RFC 8259 spells it, down to the fault. What lies beside that way is passed
over by the quick reader, so that a fault at the end of a long text costs little more than
reading it. Only texts that the quick reader refused come here.
"""

from __future__ import annotations

import math
import re
from json import JSONDecoder
from typing import TYPE_CHECKING, Final, NoReturn

from domain.errors import RefusedError, TooLargeError
from domain.json_quick import MAX_DIGITS, MAX_INTEGER, FaultError, read_quick

if TYPE_CHECKING:
    from collections.abc import Sequence

_SPACE: Final = re.compile(r"[ \t\n\r]*")
_NUMBER: Final = re.compile(r"-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?")
_WORDS: Final = ("true", "false", "null")
_STRING: Final = JSONDecoder()
# Short integers, words and strings without escapes need no closer look.
_HARMLESS: Final = re.compile(
    r'[ \t\n\r]*(?:true|false|null|-?(?:0|[1-9][0-9]{0,14})|"[^"\\\x00-\x1f]*")[ \t\n\r]*,'
)
_RUN: Final = re.compile(f"(?:{_HARMLESS.pattern})+")
_SHOWN: Final = 80


def find_fault(text: str, depth: int) -> None:
    """Return if the text is faultless.

    Args:
        text: the decoded text.
        depth: most nested arrays and objects.

    Raises:
        RefusedError: names the byte, and the path inside the document.
        TooLargeError: nested too deep.
    """
    _Walk(text, depth).document()


class _Walk:
    def __init__(self, text: str, depth: int) -> None:
        self._text = text
        self._depth = depth
        self._at = 0
        self._path: list[str | int] = []

    def document(self) -> None:
        self._value()
        self._space()
        if self._at != len(self._text):
            self._refuse("something follows the document")

    def _value(self) -> None:
        self._space()
        start = self._text[self._at : self._at + 1]
        if start in ("{", "["):
            # The document as a whole was read already, and has a fault. Reading on from every
            # level above the fault would read the text as often as it is deep.
            if _is_power_of_two(len(self._path)) and self._passed():
                return
            if start == "{":
                self._object()
            else:
                self._array()
        elif start == '"':
            self._string()
        else:
            self._scalar()

    def _passed(self) -> bool:
        try:
            _, self._at = read_quick(self._text, self._at, self._depth - len(self._path))
        except FaultError:
            return False
        return True

    def _object(self) -> None:
        self._enter()
        seen: set[str] = set()
        if self._next("}"):
            return
        while True:
            self._space()
            begin = self._at
            if self._text[begin : begin + 1] != '"':
                self._refuse("expected a key in quotation marks")
            key = self._string()
            self._path.append(key)
            if key in seen:
                self._at = begin
                self._refuse("this key stands twice in one object")
            seen.add(key)
            if not self._next(":"):
                self._refuse("expected a colon")
            self._value()
            self._path.pop()
            if self._next("}"):
                break
            if not self._next(","):
                self._refuse("expected a comma or the end of the object")

    def _array(self) -> None:
        self._enter()
        if self._next("]"):
            return
        number = 0
        while True:
            run = _RUN.match(self._text, self._at)
            if run is not None:
                number += self._commas(run.end())
                self._at = run.end()
            self._path.append(number)
            self._value()
            self._path.pop()
            number += 1
            if self._next("]"):
                break
            if not self._next(","):
                self._refuse("expected a comma or the end of the array")

    def _commas(self, end: int) -> int:
        if self._text.find('"', self._at, end) < 0:
            return self._text.count(",", self._at, end)
        return sum(1 for _ in _HARMLESS.finditer(self._text, self._at, end))

    def _enter(self) -> None:
        # Containers on the path are what is open around this one.
        if len(self._path) >= self._depth:
            raise TooLargeError(self._place(), f"nested deeper than {self._depth}")
        self._at += 1

    def _string(self) -> str:
        begin = self._at
        try:
            value, self._at = _STRING.raw_decode(self._text, begin)
        except ValueError as error:
            self._at = getattr(error, "pos", begin)
            self._refuse("no valid string")
        if not isinstance(value, str):
            self._refuse("expected a string")
        if "\0" in value:
            self._at = begin
            self._refuse("a NUL character")
        if not value.isascii() and any("\ud800" <= letter <= "\udfff" for letter in value):
            self._at = begin
            self._refuse("half of a surrogate pair")
        return value

    def _scalar(self) -> None:
        for word in _WORDS:
            if self._text.startswith(word, self._at):
                self._at += len(word)
                return
        match = _NUMBER.match(self._text, self._at)
        if match is None:
            self._refuse("expected a JSON value")
        digits = match[0]
        if match[1] is None and match[2] is None:
            if len(digits) > MAX_DIGITS or abs(int(digits)) > MAX_INTEGER:
                self._refuse("an integer outside ±(2^53-1)")
        elif math.isinf(float(digits)):
            self._refuse("a number too large for a double")
        self._at = match.end()

    def _next(self, sign: str) -> bool:
        self._space()
        found = self._text.startswith(sign, self._at)
        self._at += found
        return found

    def _space(self) -> None:
        match = _SPACE.match(self._text, self._at)
        if match is not None:
            self._at = match.end()

    def _place(self) -> str:
        byte = len(self._text[: self._at].encode("utf-8", "surrogatepass"))
        path = path_text(self._path)
        return f"byte {byte} ({path})" if path else f"byte {byte}"

    def _refuse(self, reason: str) -> NoReturn:
        raise RefusedError(self._place(), reason)


def _is_power_of_two(number: int) -> bool:
    return number > 0 and number & (number - 1) == 0


def path_text(path: Sequence[str | int]) -> str:
    """A path such as `data.targets[2].site`, shortened, without control characters."""
    text = ""
    for step in path:
        if isinstance(step, int):
            text += f"[{step}]"
        else:
            shown = "".join(sign if sign.isprintable() else "?" for sign in step[:_SHOWN])
            text += f".{shown}" if text else shown
    return text[: 4 * _SHOWN]
