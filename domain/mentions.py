"""Finds and replaces the names of people where they stand in other text.

Text is compared in a folded form: compatibility forms and accents taken apart, accents dropped,
upper case as lower, `%XX` as what it stands for. A name counts where it stands as whole words;
in scripts that are written without spaces every character is a word. Time grows with the length
of the text and not with the number of names.
"""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote_to_bytes

from domain.log.names import PRINCIPAL

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    Kept = Callable[[str, int, int], bool]
    """Of a folded text: whether the piece between two places stays, if its name is loose."""

# Han, kana, Hangul (its letters: folding takes syllables apart), Thai to Tibetan, Burmese, Khmer.
_UNSPACED: Final = (
    "\u0e00-\u0fff\u1000-\u109f\u1100-\u11ff\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff"
    "\uf900-\ufaff\U00020000-\U0003ffff"
)
_WORD: Final = re.compile(rf"[{_UNSPACED}]|[^\W_{_UNSPACED}]+")
# The version in `package@5.4.32.Final` is no domain, nor is one whose last label is a number.
# A run is tried from its first character only, and never given back: linear on any text.
_LOCAL: Final = r"\w.!$'*+^`{|}~-"
ADDRESS: Final = re.compile(
    rf"(?<![{_LOCAL}])[{_LOCAL}]++@(?!\d+(?:\.\d+)+\.)(?:[\w-]+\.)+[^\W\d_][\w-]*"
)
_HANDLE: Final = re.compile(r"(?<![\w.@/%+-])@([A-Za-z0-9](?:[\w-]{0,62}\w)?)(?![\w@])")
_ESCAPES: Final = re.compile(r"(?:%[0-9A-Fa-f]{2})+")
_ID: Final = re.compile(PRINCIPAL)
_TRANSPORT: Final = frozenset({"git", "hg", "svn"})
"""Accounts that every user of a code host shares: `git@host:path` names nobody."""
_DEEPEST: Final = 32
"""A name is known by its first words; so many are enough to tell it, and to take it apart."""
_END: Final = None
"""The key of who bears the name that ends there, and whether it is loose; the others are texts."""


class Folded:
    """A text as it is compared, which knows where each of its characters came from.

    Attributes:
        text: the folded text.
    """

    __slots__ = ("_ends", "_starts", "raw", "text")

    def __init__(self, raw: str, *, escaped: bool = True) -> None:
        """Fold a text; unless `escaped`, `%XX` stands for itself."""
        self.raw = raw
        self._starts: list[int] | None = None
        self._ends: list[int] | None = None
        if raw.isascii() and "%" not in raw:
            self.text = raw.lower()
            return
        pieces: list[str] = []
        self._starts, self._ends = [], []
        for char, start, end in _unescaped(raw) if escaped else _singly(raw):
            piece = char.lower() if char.isascii() else _fold(char)
            pieces.append(piece)
            self._starts += [start] * len(piece)
            self._ends += [end] * len(piece)
        self.text = "".join(pieces)

    def start(self, index: int) -> int:
        """Where the folded character begins in the text as it was."""
        return index if self._starts is None else self._starts[index]

    def end(self, index: int) -> int:
        """Where the folded character before `index` ends in the text as it was."""
        return index if self._ends is None else self._ends[index - 1]

    def slice(self, start: int, end: int) -> str:
        """What the text was between two places of the folded one."""
        return self.raw[self.start(start) : self.end(end)]


def mentions_nobody(raw: str) -> bool:
    """Whether a text, or several joined by line feeds, has neither addresses nor `@login`."""
    return "@" not in raw and "%" not in raw and raw.isascii()


def addresses_in(raw: str) -> Iterator[str]:
    """E-mail addresses in a text, as they are spelt there except that escapes are resolved."""
    if mentions_nobody(raw):
        return
    folded = Folded(raw)
    for match in ADDRESS.finditer(folded.text):
        if match[0].partition("@")[0] not in _TRANSPORT:
            found = folded.slice(*match.span())
            yield match[0] if "%" in found else found


def handles_in(raw: str) -> Iterator[str]:
    """Logins that a text mentions as `@login`."""
    if "@" in raw:
        yield from (match[1] for match in _HANDLE.finditer(raw))


def replace_handles(raw: str, ids: Mapping[str, str]) -> str:
    """The text with `@id` for each `@login` that `ids` (by login in lower case) knows."""
    if not ids or "@" not in raw:
        return raw
    return _HANDLE.sub(lambda match: "@" + ids.get(match[1].casefold(), match[1]), raw)


class Names:
    """Names of people and what stands in their place."""

    def __init__(self, names: Iterable[tuple[str, str, bool]]) -> None:
        """Take names, ids, and which are loose; of two ids for one name the first counts."""
        self._trie: dict[str | None, Any] = {}
        self._addresses: dict[str, str] = {}
        for name, person, is_loose in names:
            folded = Folded(name).text
            before, at, _ = folded.partition("@")
            if at:
                self._addresses.setdefault(folded, person)
                if _WORD.search(before) is None:
                    # Its words are those of the host, which is nobody.
                    continue
            node = self._trie
            for word, gap in _steps(folded):
                node = node.setdefault(word, {})
                if gap is not None:
                    node = node.setdefault(gap, {})
            if node is not self._trie:
                bearer, was_loose = node.get(_END, (person, True))
                node[_END] = bearer, was_loose and is_loose

    def replace(self, raw: str, kept: Kept | None = None) -> str:
        """The text with ids for names, but for loose ones where they are `kept`."""
        if not (self._trie or self._addresses) or _ID.fullmatch(raw) is not None:
            return raw
        folded = Folded(raw)
        changed = _put(
            raw,
            (
                (folded.start(start), folded.end(end), person)
                for start, end, person in self._found(folded.text, kept)
            ),
        )
        if self._addresses:
            changed = self._without_addresses(changed, escaped=True)
            if "%" in changed:
                # What looks like an escape may be the beginning of an address: `%00@a.example`.
                changed = self._without_addresses(changed, escaped=False)
        return changed

    def _found(self, text: str, kept: Kept | None) -> Iterator[tuple[int, int, str]]:
        """The leftmost names, each the longest there."""
        words = [match.span() for match in _WORD.finditer(text)]
        index = 0
        while index < len(words):
            node, best, at = self._trie, None, index
            while at < len(words) and (node := node.get(text[slice(*words[at])], {})):
                if _END in node:
                    person, is_loose = node[_END]
                    stays = is_loose and kept and kept(text, words[index][0], words[at][1])
                    best = best if stays else (at, person)
                at += 1
                if at < len(words):
                    node = node.get(text[words[at - 1][1] : words[at][0]], {})
            if best is None:
                index += 1
            else:
                yield words[index][0], words[best[0]][1], best[1]
                index = best[0] + 1

    def _without_addresses(self, raw: str, *, escaped: bool) -> str:
        """Addresses go wherever they still stand, as words or not."""
        folded = Folded(raw, escaped=escaped)
        if "@" not in folded.text:
            return raw
        found = sorted(
            (folded.start(start), -folded.end(start + len(name)), person)
            for name, person in self._addresses.items()
            for start in _starts(folded.text, name)
        )
        return _put(raw, ((first, -last, person) for first, last, person in found))


def _starts(text: str, name: str) -> Iterator[int]:
    """Where a name stands, beside itself and not across."""
    at = text.find(name)
    while at >= 0:
        yield at
        at = text.find(name, at + len(name))


def _put(raw: str, found: Iterable[tuple[int, int, str]]) -> str:
    """The text with other text at places in ascending order; what overlaps the last one is not."""
    pieces: list[str] = []
    done = 0
    for start, end, person in found:
        if start >= done:
            pieces += (raw[done:start], person)
            done = end
    return "".join((*pieces, raw[done:])) if pieces else raw


def _steps(folded: str) -> Iterator[tuple[str, str | None]]:
    """Each word and what stands between it and the next one."""
    words = list(_WORD.finditer(folded))
    for number, word in enumerate(words[:_DEEPEST]):
        last = number + 1 == min(len(words), _DEEPEST)
        yield word[0], None if last else folded[word.end() : words[number + 1].start()]


def _fold(char: str) -> str:
    apart = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", char).casefold())
    return "".join(one for one in apart if not "\u0300" <= one <= "\u036f")


def _singly(raw: str) -> Iterator[tuple[str, int, int]]:
    return ((char, index, index + 1) for index, char in enumerate(raw))


def _unescaped(raw: str) -> Iterator[tuple[str, int, int]]:
    """Characters and the places they stand at, `%XX` as the character it stands for."""
    done = 0
    for match in _ESCAPES.finditer(raw):
        for index in range(done, match.start()):
            yield raw[index], index, index + 1
        done, at = match.end(), match.start()
        octets = unquote_to_bytes(match[0])
        try:
            text, encoding = octets.decode(), "utf-8"
        except UnicodeDecodeError:
            text, encoding = octets.decode("latin-1"), "latin-1"
        for char in text:
            width = 3 * len(char.encode(encoding))
            yield char, at, at + width
            at += width
    for index in range(done, len(raw)):
        yield raw[index], index, index + 1
