"""Files as nobody should send them: whatever a format is, its files damaged, swollen and swapped.

A mutation is the same for the same file and number, so what fails can be looked at again.
Long since each format is damaged in its own ways.
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable
from typing import Any, Final

Mutation = Callable[[bytes, random.Random], bytes]
LONG: Final = 2_000_000
"""Bytes that a file is swollen to, about: enough to show work that grows with its square."""

_STRANGE: Final[tuple[Any, ...]] = (
    None, True, False, 0, -1, 2**53, 2**63, -(10**30), 10**400, 0.1, 1e308, 5e-324, "", " ", "0",
    "x" * 100_000, "\u202e\n\x00\x1b[31m", "\ud800", "😀" * 300, "a" * 501, "\u2028", [], {}, [[]],
    [None], ["x", 1], {"a": {"b": []}}, {"": ""}, "2026-13-45T99:99:99Z", "0001-01-01T00:00:00Z",
    "9999-12-31T23:59:59.999999999+14:00", "9" * 5000, "-1", "1e999", "NaN", "../../etc/passwd",
    "https://user:pw@host.example:99999/x?y#z", "sha256:" + "0" * 64, "0" * 40, "@everyone",
    '{"a":[1,{"b":"c"}]}', "<a>&amp;</a>", "a\tb\rc", "m.chen@example.com", "%s%n{0}$(x)",
)  # fmt: skip
_RAW: Final = (
    b"NaN", b"-Infinity", b"1e999999", b"-0", b"0x10", b"01", b"9" * 5000, b"1" + b"0" * 400,
    b"1." + b"3" * 5000, b'"\\u12"', b'"\\x"', b'"\\ud800"', b'"\\udc00\\ud800"', b"undefined",
    b"'x'",
    b'"\x01"', b'"\xff"', b"{", b"]", b"", b"[" * 70 + b"]" * 70, b"[" * 100_000,
    b'{"a":' * 100_000, b'"' + b"\\\\" * 50_000 + b'"', b'"' + b"x" * 2_000_000 + b'"',
)  # fmt: skip
_STRAYS: Final = (
    b"", b"\xe2\x80\xae", b"9" * 5000, b"\n\n", b"-1", b"\r", b"\0", b'"', b"\\", b"\t" * 99, b": ",
    b"=" * 3, b"x" * 500_000, b"&a [x]\n", b"*a", b"&b [" + b"*a, " * 9 + b"]", b"<<: *a\n",
    b"!!python/object/apply:os.system [x]", b"? [a, b]\n: c\n", b"- " * 99, b"[" * 99,
    b"%YAML 9.9\n", b"---\n",
)  # fmt: skip
_HOLE: Final = "\x7fhole\x7f"
_MARKED: Final = json.dumps(_HOLE).encode()
_TAG: Final = re.compile(
    rb"<([A-Za-z_][\w.:-]*)((?:\s+[\w.:-]+\s*=\s*(?:\"[^\"]*\"|'[^']*'))*)\s*(/?)>"
)
_ATTRIBUTE: Final = re.compile(rb"\s+([\w.:-]+)\s*=\s*(\"[^\"]*\"|'[^']*')")
_TEXT: Final = re.compile(rb">([^<>]+)<")
_HEAD: Final = re.compile(rb"\s*(?:<\?[^>]*\?>)?\s*(?:<!DOCTYPE[^>]*>)?", re.IGNORECASE)


def mutated(body: bytes, other: bytes, chance: random.Random) -> tuple[str, bytes]:
    """A damaged copy of a file, and what was done to it.

    Args:
        body: the file.
        other: another one, of any format.
        chance: the same gives the same.
    """
    start = body.lstrip(b"\xef\xbb\xbf \t\r\n")[:1]
    kinds = _TEXTS
    if start in (b"{", b"["):
        kinds = _JSON
    elif start == b"<":
        kinds = _XML
    mutation = chance.choices([one for one, _ in kinds], [weight for _, weight in kinds])[0]
    damaged = body
    # Faults come together: one may hide what another would show.
    for _ in range(chance.choice((1, 1, 1, 2, 3)) if mutation not in _HEAVY else 1):
        damaged = mutation(damaged, chance) or b" "
        if len(damaged) > 2 * LONG:
            break
    if chance.random() < 0.01:
        damaged += other
    return mutation.__name__.strip("_"), damaged


# ---- any text


def _cut(body: bytes, chance: random.Random) -> bytes:
    return body[: chance.randrange(len(body))]


def _flipped(body: bytes, chance: random.Random) -> bytes:
    damaged = bytearray(body)
    for _ in range(chance.choice((1, 1, 1, 4, 50))):
        damaged[chance.randrange(len(damaged))] ^= 1 << chance.randrange(8)
    return bytes(damaged)


def _shuffled(body: bytes, chance: random.Random) -> bytes:
    """A piece taken out, twice there, elsewhere, or replaced by something strange."""
    start = chance.randrange(len(body))
    end = min(len(body), start + chance.randrange(1, 60))
    piece = body[start:end]
    left, right = body[:start], body[end:]
    what = chance.randrange(4)
    if what == 0:
        return left + piece * 2 + right
    if what == 1:
        at = chance.randrange(len(left) + 1)
        return left[:at] + piece + left[at:] + right
    return left + chance.choice(_STRAYS) + right


def _encoded(body: bytes, chance: random.Random) -> bytes:
    """In an encoding other than it should be, or said to be in another."""
    text = body.decode("utf-8", "replace") + "é"
    what = chance.randrange(8)
    if what < 5:
        name = ("utf-16", "utf-16-le", "utf-32", "latin-1", "shift-jis")[what]
        return text.encode(name, "replace")
    return (b"\xef\xbb\xbf" * 2 + body, body + b"\xc0\xaf\xed\xa0\x80", b"\xef\xbb\xbf" + body)[
        what - 5
    ]


def _lines(body: bytes, chance: random.Random) -> bytes:
    """Its lines in another order, some missing, others ended as elsewhere."""
    lines = body.split(b"\n")
    what = chance.randrange(4)
    if what == 0:
        chance.shuffle(lines)
    elif what == 1:
        lines = [line for line in lines if chance.random() < 0.8]
    elif what == 2:
        return b"\r\n".join(lines)
    else:
        return b"".join(lines)
    return b"\n".join(lines)


def _swollen_text(body: bytes, chance: random.Random) -> bytes:
    """Some lines again and again, or one line that does not end."""
    lines = body.splitlines(keepends=True)
    start = chance.randrange(len(lines))
    some = b"".join(lines[start : start + chance.choice((1, 1, 2, 5, len(lines)))])
    if chance.random() < 0.3:
        some = some.replace(b"\n", b" ") or b" "
    many = _numbered(some, LONG // (len(some) + 1) + 1, chance)
    return b"".join(lines[:start]) + many + b"".join(lines[start:])


def _numbered(piece: bytes, times: int, chance: random.Random) -> bytes:
    """A piece many times; half of the time each differs from the others by its numbers."""
    spots = list(re.finditer(rb"\d+", piece))
    if not spots or chance.random() < 0.5:
        return piece * times
    spot = chance.choice(spots)
    head, tail = piece[: spot.start()], piece[spot.end() :]
    return b"".join(b"%b%d%b" % (head, number, tail) for number in range(times))


# ---- JSON


def _value_of(body: bytes) -> tuple[Any, bool]:
    """The value, and whether it is one; else those of the lines that are JSON."""
    try:
        return json.loads(body.decode("utf-8-sig", "replace")), True
    except (ValueError, RecursionError):
        pass
    values = []
    for line in body.splitlines():
        try:
            values.append(json.loads(line))
        except (ValueError, RecursionError):
            continue
    return values, False


def _text_of(value: Any, *, whole: bool) -> bytes:  # noqa: ANN401 - JSON
    return b"\n".join(json.dumps(one).encode() for one in ([value] if whole else value))


def _on_value(change: Callable[[list[tuple[Any, Any]], random.Random], None]) -> Mutation:
    def mutation(body: bytes, chance: random.Random) -> bytes:
        value, whole = _value_of(body)
        places = _places(value)
        if not places:
            return _shuffled(body, chance)
        change(places, chance)
        return _text_of(value, whole=whole)

    mutation.__name__ = change.__name__
    return mutation


def _places(value: Any) -> list[tuple[Any, Any]]:  # noqa: ANN401 - JSON
    """Every place in a value, as what holds it and its key there."""
    found: list[tuple[Any, Any]] = []
    waiting = [value]
    while waiting:
        holder = waiting.pop()
        if not isinstance(holder, dict | list):
            continue
        for key in holder if isinstance(holder, dict) else range(len(holder)):
            found.append((holder, key))
            waiting.append(holder[key])
    return found


def _replaced(places: list[tuple[Any, Any]], chance: random.Random) -> None:
    holder, key = chance.choice(places)
    holder[key] = chance.choice(_STRANGE)


def _dropped(places: list[tuple[Any, Any]], chance: random.Random) -> None:
    holder, key = chance.choice(places)
    del holder[key]


def _renamed(places: list[tuple[Any, Any]], chance: random.Random) -> None:
    holder, key = chance.choice(places)
    if isinstance(holder, dict):
        holder[chance.choice(("", "x" * 1000, "\ud800", key.upper(), "0"))] = holder.pop(key)


def _swapped(places: list[tuple[Any, Any]], chance: random.Random) -> None:
    """A value where another stands, often of another type."""
    (holder, key), (other, there) = chance.choice(places), chance.choice(places)
    text = json.dumps(other[there])
    holder[key] = json.loads(text) if len(text) < 50_000 else None


def _retyped(places: list[tuple[Any, Any]], chance: random.Random) -> None:
    holder, key = chance.choice(places)
    value = holder[key]
    choices: tuple[Any, ...] = ([value], {"value": value}, str(value)[:1000], None, bool(value))
    if isinstance(value, str):
        choices += (len(value), value * 50, value.upper(), list(value[:50]), value.encode().hex())
    if isinstance(value, int | float):
        choices += (-value, str(value), value * 10**18 if value < 1e200 else 0, float(value))
    holder[key] = chance.choice(choices)


def _on_hole(put: Callable[[random.Random], bytes]) -> Mutation:
    """A place in the text of a JSON value where anything may be put."""

    def mutation(body: bytes, chance: random.Random) -> bytes:
        value, whole = _value_of(body)
        places = _places(value)
        if not places:
            return _flipped(body, chance)
        holder, key = chance.choice(places)
        holder[key] = _HOLE
        return _text_of(value, whole=whole).replace(_MARKED, put(chance), 1)

    mutation.__name__ = put.__name__
    return mutation


def _raw(chance: random.Random) -> bytes:
    return chance.choice(_RAW)


def _nested(chance: random.Random) -> bytes:
    levels = chance.choice((3, 60, 64, 65, 500, 200_000))
    one, two = chance.choice(((b"[", b"]"), (b'{"a":', b"}"), (b'[{"results":', b"}]")))
    return one * levels + b"1" + two * levels


def _twice(body: bytes, chance: random.Random) -> bytes:
    """A key that stands twice in its object."""
    value, whole = _value_of(body)
    places = [(holder, key) for holder, key in _places(value) if isinstance(holder, dict)]
    if not places:
        return _flipped(body, chance)
    holder, key = chance.choice(places)
    holder[_HOLE] = chance.choice(_STRANGE)
    return _text_of(value, whole=whole).replace(_MARKED, json.dumps(key).encode(), 1)


def _swollen(body: bytes, chance: random.Random) -> bytes:
    """An array whose elements, or an object whose members, come again and again."""
    value, whole = _value_of(body)
    holders = [
        holder[key] for holder, key in _places(value)
        if isinstance(holder[key], dict | list) and holder[key]
    ]  # fmt: skip
    if isinstance(value, list) and value:
        holders.append(value)
    if not holders:
        return _swollen_text(body, chance)
    holder = chance.choice(holders)
    if isinstance(holder, dict):
        key, one = chance.choice(list(holder.items()))
        text = json.dumps(one)
        for number in range(min(100_000, LONG // (len(text) + len(key) + 12))):
            holder[f"{key}{number}"] = one
        return _text_of(value, whole=whole)
    element = json.dumps(chance.choice(holder)).encode()
    holder.append(_HOLE)
    many = _numbered(element + b"\n", LONG // (len(element) + 1) + 1, chance)
    mark = b"\n".join([_MARKED]) if holder is not value or whole else _MARKED
    glue = b"," if holder is not value or whole else b"\n"
    return _text_of(value, whole=whole).replace(mark, glue.join(many.splitlines()), 1)


# ---- XML


def _attribute(body: bytes, chance: random.Random) -> bytes:
    """An attribute with another value, without one, there twice, or gone."""
    found = list(_ATTRIBUTE.finditer(body))
    if not found:
        return _shuffled(body, chance)
    one = chance.choice(found)
    what = chance.randrange(5)
    if what == 0:
        put = b""
    elif what == 1:
        put = one[0] * 2
    else:
        strange = str(chance.choice(_STRANGE)).encode("utf-8", "replace")
        for char, name in ((b"&", b"&amp;"), (b"<", b"&lt;"), (b'"', b"&quot;"), (b"\0", b"")):
            strange = strange.replace(char, name)
        put = b' %b="%b"' % (one[1], strange.replace(b"\x1b", b""))
    return body[: one.start()] + put + body[one.end() :]


def _content(body: bytes, chance: random.Random) -> bytes:
    """Another text between two tags."""
    found = list(_TEXT.finditer(body))
    if not found:
        return _attribute(body, chance)
    one = chance.choice(found)
    put = chance.choice((
        b"", b"x" * 1_000_000, b"9" * 5000, b"-1", b"1e999", b"<![CDATA[]]>", b"<![CDATA[" * 2,
        b"&#0;", b"&#xD800;", b"&unknown;", b"&lt;" * 1000, b"<!-- -- -->", b"<?x y?>", b"NaN",
        b"<!--" + b"x" * 500_000 + b"-->", "\u202e".encode(), b"2026-13-45T99:99:99Z",
    ))  # fmt: skip
    return body[: one.start(1)] + put + body[one.end(1) :]


def _element(body: bytes, chance: random.Random) -> bytes:
    """An element under another name, empty, or within itself."""
    found = list(_TAG.finditer(body))
    if not found:
        return _shuffled(body, chance)
    one = chance.choice(found)
    what = chance.randrange(4)
    if what == 0:
        name = chance.choice((b"x", b"y:" + one[1], chance.choice(found)[1], b"a" * 100_000))
        begun = body.replace(b"<" + one[1], b"<" + name, 20)
        return begun.replace(b"</" + one[1], b"</" + name, 20)
    if what == 1:
        return body[: one.start()] + one[0] * 2 + body[one.end() :]
    if what == 2:
        return body[: one.start()] + body[one.end() :]
    levels = min(chance.choice((40, 64, 65, 100_000)), LONG // len(one[1]))
    inner = b"<%b>" % one[1] * levels + b"</%b>" % one[1] * levels
    return body[: one.start()] + inner + body[one.start() :]


def _swollen_element(body: bytes, chance: random.Random) -> bytes:
    """An element with all that is in it, again and again."""
    found = list(_TAG.finditer(body))
    if not found:
        return _swollen_text(body, chance)
    one = chance.choice(found)
    end = one.end()
    if not one[3]:
        closing = body.find(b"</" + one[1] + b">", end)
        if closing < 0 or closing - end > 200_000:
            return _swollen_text(body, chance)
        end = closing + len(one[1]) + 3
    piece = body[one.start() : end]
    many = _numbered(piece, LONG // len(piece) + 1, chance)
    return body[: one.start()] + many + body[one.start() :]


def _many_attributes(body: bytes, chance: random.Random) -> bytes:
    found = list(_TAG.finditer(body))
    if not found:
        return _flipped(body, chance)
    at = chance.choice(found).end(1)
    many = b"".join(b' a%d="%d"' % (number, number) for number in range(50_000))
    return body[:at] + many + body[at:]


def _declared(body: bytes, chance: random.Random) -> bytes:
    """Entities that grow, that fetch, that come from elsewhere; attributes by default."""
    found = _TAG.search(body)
    name = found[1] if found is not None else b"x"
    laughs = b"".join(
        b'<!ENTITY l%d "%b">' % (level, b"&l%d;" % (level - 1) * 10) for level in range(1, 12)
    )
    declarations, use = chance.choice((
        (b'<!ENTITY l0 "ha">' + laughs, b"&l11;"),
        (b'<!ENTITY q "' + b"q" * 100_000 + b'">', b"&q;" * 10_000),
        (b'<!ENTITY x SYSTEM "file:///etc/passwd">', b"&x;"),
        (b'<!ENTITY % p SYSTEM "http://127.0.0.1:9/x.dtd"> %p;', b"&x;"),
        (b'<!ENTITY % a "<!ENTITY b \'c\'>"> %a;', b"&b;"),
        (b'<!ENTITY r "&r;">', b"&r;"),
        (b'<!NOTATION n SYSTEM "n"><!ENTITY u SYSTEM "u" NDATA n>', b""),
        (b'<!ATTLIST %b name CDATA "injected" time CDATA "9">' % name, b""),
        (b"<!ELEMENT %b ANY>" % name, b""),
        (b"", b"&lt;&amp;&#x41;"),
    ))  # fmt: skip
    doctype = b"<!DOCTYPE %b [%b]>" % (name, declarations)
    if chance.random() < 0.2:
        doctype = b'<!DOCTYPE %b SYSTEM "http://127.0.0.1:9/x.dtd" [%b]>' % (name, declarations)
    head = _HEAD.match(body)
    end = head.end() if head is not None else 0
    rest = body[end:]
    spots = list(_TEXT.finditer(rest)) or list(_ATTRIBUTE.finditer(rest))
    if spots and use:
        spot = chance.choice(spots)
        at = spot.end(1) if spot.re is _TEXT else spot.start(2) + 1
        rest = rest[:at] + use + rest[at:]
    said = chance.choice(
        (b"", b'<?xml version="1.0" encoding="utf-16"?>', b'<?xml version="1.1"?>')
    )
    return said + doctype + rest


_PLAIN: Final[list[tuple[Mutation, float]]] = [
    (_cut, 10), (_flipped, 10), (_shuffled, 10), (_encoded, 2), (_lines, 4),
]  # fmt: skip
_TEXTS: Final = [*_PLAIN, (_shuffled, 30), (_swollen_text, 4)]
_JSON: Final[list[tuple[Mutation, float]]] = [
    *_PLAIN, (_on_value(_replaced), 30), (_on_value(_dropped), 8), (_on_value(_renamed), 4),
    (_on_value(_swapped), 10), (_on_value(_retyped), 20), (_on_hole(_raw), 8),
    (_on_hole(_nested), 3), (_twice, 3), (_swollen, 4), (_swollen_text, 1),
]  # fmt: skip
_XML: Final[list[tuple[Mutation, float]]] = [
    *_PLAIN, (_attribute, 30), (_content, 12), (_element, 12), (_swollen_element, 4),
    (_many_attributes, 1), (_declared, 8), (_swollen_text, 1),
]  # fmt: skip
_HEAVY: Final = (_swollen, _swollen_text, _swollen_element, _many_attributes)
