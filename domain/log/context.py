"""The context line of an entry: everything that matters and nothing the sequencer adds.

    {"o":origin,"type":…,"tv":1,"as":…,"by":{"p":…,"cred":…,"how":…,"claims":…},
     "streams":[…],"tags":[…],"event":{"len":n,"c":"<hex>"},
     "parts":[{"name":…,"ct":…,"len":n,"c":"<hex>"}]}

(on one line, without the spaces). Fields stand in this order, nothing is ever escaped, and one
context has one line: `parse` takes exactly the lines that `encode` makes. The grammar is written
out as patterns below; a general JSON reader would take many spellings of one value.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from operator import lt
from typing import TYPE_CHECKING

from domain.errors import DamageError, RefusedError, TooLargeError
from domain.log import names
from domain.log.by import By
from domain.log.part import CLAIMS_PART, EVENT_PART
from domain.log.wire import DECIMAL, MAX_NUMBER

if TYPE_CHECKING:
    from collections.abc import Sequence

    from domain.draft import Draft

MAX_STREAMS = 4
MAX_TAGS = 32
COMMITMENT_BYTES = 32
ASSURANCES = ("decided", "observed", "asserted", "imported")
METHODS = ("oidc", "key", "token", "webhook", "server")
"""How a sender was authenticated."""

_HEX = "[0-9a-f]{64}"
_NAMES = rf'(?:"{names.NAME}"(?:,"{names.NAME}")*)?'
_PART_HEAD = rf'\{{"name":"({names.PART_NAME})","ct":"({names.MEDIA_TYPE})",'
_SIZE = rf'"len":({DECIMAL}),"c":"({_HEX})"\}}'
_ANY_PART = r'\{"name":"[^{}]*"\}'
_LINE = re.compile(
    rf'\{{"o":"({names.NAME})","type":"({names.NAME})","tv":({DECIMAL}),'
    rf'"as":"({"|".join(ASSURANCES)})",'
    rf'"by":\{{"p":"({names.PRINCIPAL})","cred":"({names.CREDENTIAL})",'
    rf'"how":"({"|".join(METHODS)})","claims":(?:null|"({_HEX})")\}},'
    rf'"streams":\[({_NAMES})\],"tags":\[({_NAMES})\],'
    rf'"event":\{{{_SIZE},'
    rf'"parts":\[((?:{_ANY_PART}(?:,{_ANY_PART})*)?)\]\}}'
)
_PART = re.compile(_PART_HEAD + _SIZE)
_PRINCIPAL = re.compile(names.PRINCIPAL)
_CREDENTIAL = re.compile(names.CREDENTIAL)
# Names joined as a list of the line holds them; the quotation marks are counted beside.
_JOINED = re.compile(rf'{names.NAME}(?:","{names.NAME})*')


@dataclass(frozen=True, slots=True)
class EventRef:
    """The event as the entry speaks of it.

    Attributes:
        length: number of bytes.
        commitment: see `domain.log.part.commitment` (32 bytes).
    """

    length: int
    commitment: bytes


@dataclass(frozen=True, slots=True)
class PartRef:
    """A named part as the entry speaks of it.

    Attributes:
        name: unique in its entry; neither `event` nor `claims`.
        media_type: bare media type.
        length: number of bytes.
        commitment: see `domain.log.part.commitment` (32 bytes).
    """

    name: str
    media_type: str
    length: int
    commitment: bytes


@dataclass(frozen=True, slots=True)
class Context:
    """What an entry says of its event, signed by the intake key.

    Attributes:
        origin: the ledger this was said to.
        type: stored type, without version.
        version: version of the type, from 1.
        assurance: one of ASSURANCES.
        by: who was authenticated.
        streams: at most 4, unique, in the order of the table of streams.
        tags: at most 32, sorted and unique.
        event: length and commitment of the event.
        parts: in order of their unique names.
    """

    origin: str
    type: str
    version: int
    assurance: str
    by: By
    streams: tuple[str, ...]
    tags: tuple[str, ...]
    event: EventRef
    parts: tuple[PartRef, ...] = ()

    def encode(self) -> bytes:
        """The line, without line feed.

        Raises:
            RefusedError: a value that the line cannot hold, with the field named.
            TooLargeError: too many streams or tags.
        """
        return _encode(self, self.origin, _size(self.event), self.parts)

    @classmethod
    def parse(cls, line: bytes) -> Context:
        """The context of a line that `encode` made.

        Raises:
            DamageError: the line is not the one spelling of a context.
        """
        try:
            match = _LINE.fullmatch(line.decode("ascii"))
        except UnicodeDecodeError:
            match = None
        if match is None:
            raise DamageError(None, "ctx: not a context line of format 1")
        (origin, kind, version, assurance, principal, credential, how, claims, streams, tags,
         length, digest, parts) = match.groups()  # fmt: skip
        context = cls(
            origin=origin,
            type=kind,
            version=_number(version, "tv"),
            assurance=assurance,
            by=By(principal, credential, how, bytes.fromhex(claims) if claims else None),
            streams=_split(streams),
            tags=_split(tags),
            event=EventRef(_number(length, "event.len"), bytes.fromhex(digest)),
            parts=_read_parts(parts) if parts else (),
        )
        # What patterns do not say (order, uniqueness, the origin's grammar) `encode` does.
        try:
            again = context.encode()
        except RefusedError as error:
            raise DamageError(None, f"ctx: {error}") from error
        if again != line:
            raise DamageError(None, "ctx: not the one spelling of this context")
        return context


def line_of(draft: Draft, origin: str) -> bytes:
    """The line of a draft that is appended to the ledger `origin`; see `Context.encode`.

    Raises:
        RefusedError: a value that the line cannot hold, with the field named.
        TooLargeError: too many streams or tags.
        ValueError: the draft contradicts itself: the event is not the part `event`, or `by`
            does not hold the commitment of the claims.
    """
    event = draft.event
    claims = draft.claims.part if draft.claims is not None else None
    if event.name != EVENT_PART or (claims is not None and claims.name != CLAIMS_PART):
        raise ValueError("the event and the claims are parts of these names")
    if (claims.commitment if claims is not None else None) != draft.by.claims:
        raise ValueError("the claims are not the ones that by speaks of")
    parts = [
        PartRef(part.name, part.media_type, len(part.body), part.commitment)
        for part in (sealed.part for sealed in draft.parts)
    ]
    return _encode(draft, origin, _sized(len(event.body), event.commitment), parts)


def _encode(said: Context | Draft, origin: str, size: str, parts: Sequence[PartRef]) -> bytes:
    by, streams, tags = said.by, said.streams, said.tags
    if len(streams) > MAX_STREAMS:
        raise TooLargeError("field streams", f"at most {MAX_STREAMS} streams")
    if len(tags) > MAX_TAGS:
        raise TooLargeError("field tags", f"at most {MAX_TAGS} tags")
    if len(set(streams)) != len(streams):
        raise RefusedError("field streams", "a stream stands there twice")
    if not all(map(lt, tags, tags[1:])):
        raise RefusedError("field tags", "expected sorted and unique tags")
    line = (
        f"{_head(origin, said.type, said.version, said.assurance)}"
        f"{_by(by.principal, by.credential, by.how)}"
        f"{_digest(by.claims) if by.claims is not None else 'null'}"
        f'}},"streams":[{_names(streams, "field streams")}]'
        f',"tags":[{_names(tags, "field tags")}]'
        f',"event":{{{size}'
        f',"parts":[{_parts(parts)}]}}'
    )
    return line.encode("ascii")


# Few ledgers, types, senders and names of parts exist, and each stands in very many entries:
# their pieces of the line are checked and made once.


@lru_cache(maxsize=4096)
def _head(origin: str, kind: str, version: int, assurance: str) -> str:
    names.check_origin(origin)
    names.check_type(kind)
    if not 1 <= version <= MAX_NUMBER:
        raise RefusedError("field tv", "versions are counted from 1")
    if assurance not in ASSURANCES:
        raise RefusedError("field as", f"expected one of {', '.join(ASSURANCES)}")
    return f'{{"o":"{origin}","type":"{kind}","tv":{version:d},"as":"{assurance}","by":'


@lru_cache(maxsize=4096)
def _by(principal: str, credential: str, how: str) -> str:
    if _PRINCIPAL.fullmatch(principal) is None:
        raise RefusedError("field by.p", "expected per_ or wkl_ and 32 hexadecimal digits")
    if _CREDENTIAL.fullmatch(credential) is None:
        raise RefusedError("field by.cred", "expected crd_ and 32 hexadecimal digits")
    if how not in METHODS:
        raise RefusedError("field by.how", f"expected one of {', '.join(METHODS)}")
    return f'{{"p":"{principal}","cred":"{credential}","how":"{how}","claims":'


@lru_cache(maxsize=4096)
def _part_head(name: str, media_type: str) -> str:
    names.check_part_name(name)
    names.check_media_type(media_type)
    if name in (EVENT_PART, CLAIMS_PART):
        raise RefusedError("field parts", f"the name {name} is not for named parts")
    return f'{{"name":"{name}","ct":"{media_type}",'


def _names(values: tuple[str, ...], place: str) -> str:
    if not values:
        return ""
    joined = '","'.join(values)
    # Counting keeps one value from passing as two.
    if _JOINED.fullmatch(joined) is None or joined.count('"') != 2 * len(values) - 2:
        raise RefusedError(place, "a name is too long or has a character the log does not hold")
    return f'"{joined}"'


def _digest(value: bytes) -> str:
    if len(value) != COMMITMENT_BYTES:
        raise RefusedError("field c", f"a commitment has {COMMITMENT_BYTES} bytes")
    return f'"{value.hex()}"'


def _size(reference: EventRef | PartRef) -> str:
    return _sized(reference.length, reference.commitment)


def _sized(length: int, commitment: bytes) -> str:
    if not 0 <= length <= MAX_NUMBER:
        raise RefusedError("field len", "expected a length from 0 to 2^63-1")
    return f'"len":{length:d},"c":{_digest(commitment)}}}'


def _parts(parts: Sequence[PartRef]) -> str:
    kept = [part.name for part in parts]
    if not all(map(lt, kept, kept[1:])):
        raise RefusedError("field parts", "expected parts in order of their unique names")
    return ",".join([_part_head(part.name, part.media_type) + _size(part) for part in parts])


def _split(joined: str) -> tuple[str, ...]:
    return tuple(joined[1:-1].split('","')) if joined else ()


def _number(text: str, field: str) -> int:
    number = int(text)
    if number > MAX_NUMBER:
        raise DamageError(None, f"ctx: {field} is over 2^63-1")
    return number


def _read_parts(text: str) -> tuple[PartRef, ...]:
    parts = []
    for piece in text.split("},{"):
        match = _PART.fullmatch("{" + piece.strip("{}") + "}")
        if match is None:
            raise DamageError(None, "ctx: a part is not one of format 1")
        name, media_type, length, digest = match.groups()
        parts.append(PartRef(name, media_type, _number(length, "parts.len"), bytes.fromhex(digest)))
    return tuple(parts)
