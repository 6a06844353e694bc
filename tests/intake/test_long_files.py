"""Long files are read like short ones, and never are in memory as a whole."""

from __future__ import annotations

import json
import resource
import tracemalloc
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.errors import RefusedError, TooLargeError, UnavailableError
from intake import json_array
from intake.buffer import lines_of
from intake.json_array import Pieces, read_array
from intake.nesting import Nesting, check_nesting
from intake.registry import read_report
from intake.scratch import FEW, Scratch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

TEXTS = st.text(alphabet='ab"\\[]{},:\n é😀', max_size=40)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | TEXTS,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(TEXTS, inner, max_size=5),
    max_leaves=40,
)
CASE = '<testcase classname="c{0}" name="n{0}" time="0.5"><failure>{1}</failure></testcase>\n'


def inside(value: object) -> list[object]:
    """What stands directly in an object or array."""
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else []


def depth(value: object) -> int:
    """How deep a value is nested."""
    if not isinstance(value, dict | list):
        return 0
    return 1 + max(map(depth, inside(value)), default=0)


def nodes(value: object) -> int:
    """How many objects and arrays a value has."""
    return isinstance(value, dict | list) + sum(map(nodes, inside(value)))


def scratch_of(body: bytes) -> Scratch:
    """The bytes as they are received."""
    kept = Scratch()
    for start in range(0, len(body), 1000):
        kept.write(body[start : start + 1000])
    return kept


@pytest.fixture
def little_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small arrays are cut like very long ones."""
    monkeypatch.setattr(json_array, "_WALK", 8)
    monkeypatch.setattr(json_array, "_STRIDE", 24)


@pytest.mark.usefixtures("little_steps")
@settings(max_examples=50)
@given(st.lists(VALUES, max_size=12), st.integers(0, 60), st.booleans())
def test_an_array_is_cut_between_its_elements(
    values: list[Any],
    least: int,
    plain: bool,  # noqa: FBT001 - drawn
) -> None:
    """Whatever stands in them, at whatever length; nothing is lost and nothing comes twice."""
    array = json.dumps(values, ensure_ascii=plain, indent=1 if least % 2 else None).encode()
    ones = [json.loads(bytes(one)) for one in Pieces(array, "x").cut()]
    assert ones == values
    many = [json.loads(b"[%b]" % bytes(some)) for some in Pieces(array, "x").cut(least)]
    assert [one for some in many for one in some] == values


@settings(max_examples=100)
@given(VALUES, st.integers(1, 30))
def test_nesting_is_what_stands_outside_of_texts(value: object, stride: int) -> None:
    """In pieces of any length; a bracket in a text is none."""
    text = json.dumps(value, ensure_ascii=False).encode()
    passed, at = Nesting(), 0
    while at < len(text):
        at = passed.pass_over(text, at, at + stride)
    assert (passed.depth, passed.in_string) == (0, False)
    assert passed.nodes == nodes(value)
    check_nesting(text, 64 - depth(value))
    if depth(value):
        with pytest.raises(TooLargeError):
            check_nesting(text, 65 - depth(value))


@pytest.mark.parametrize(
    ("array", "place"),
    [
        (b'[1,2,"x"]', "field a.b[2]"),
        (b"[" + b"1," * 300_000 + b'"x"]', "field a.b[300000]"),
        (b"7", "field a.b"),
    ],
)
def test_an_element_that_does_not_fit_is_named(array: bytes, place: str) -> None:
    """By its number in the whole array."""
    with pytest.raises(RefusedError) as caught:
        list(read_array(array, int, "a.b"))
    assert caught.value.place == place


@pytest.mark.parametrize("size", [0, 10, FEW - 1, FEW, FEW + 1, 3 * FEW + 7])
def test_scratch_gives_back_what_was_written(size: int) -> None:
    """In pieces, mapped, and by its digest, as often as it is asked."""
    body = bytes(range(256)) * (size // 256 + 1)
    kept = scratch_of(body[:size])
    for _ in range(2):
        assert b"".join(kept.pieces()) == body[:size]
        with kept.mapped() as view:
            assert view == body[:size]
    assert len(kept) == size
    assert kept.digest() == scratch_of(body[:size]).digest()
    assert (kept.content() is kept) == (size >= FEW)


@pytest.fixture
def little_disk() -> Iterator[None]:
    """A disk that takes files of two mebibytes and no more."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2 * FEW, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.usefixtures("little_disk")
def test_a_full_disk_is_said() -> None:
    """It can be sent again when there is room."""
    kept = scratch_of(b"x" * 2 * FEW)
    with pytest.raises(UnavailableError, match="no room"):
        kept.write(b"x" * FEW)


def sarif(results: int) -> bytes:
    """A SARIF file of about 300 bytes a result."""
    row = {
        "ruleId": "A1", "level": "error", "message": {"text": "m" * 100},
        "locations": [{"physicalLocation": {"artifactLocation": {"uri": "a.py"},
                                            "region": {"startLine": 3}}}],
    }  # fmt: skip
    run = {"tool": {"driver": {"name": "Looker"}}, "results": [row] * results}
    return json.dumps({"version": "2.1.0", "runs": [run, run]}).encode()


def junit(cases: int) -> bytes:
    """A JUnit file of about 700 bytes a case."""
    inner = "".join(CASE.format(number, "x" * 600) for number in range(cases))
    return f'<testsuite name="s">{inner}</testsuite>'.encode()


def cobertura(lines: int) -> bytes:
    """A Cobertura file of about 650 bytes a line."""
    inner = f'<line number="7" hits="1" x="{"x" * 620}"/>' * lines
    return (
        f'<coverage line-rate="1"><class filename="a"><lines>{inner}</lines></class></coverage>'
    ).encode()


def stream(points: int) -> bytes:
    """Measurements of k6, about 800 bytes each."""
    point = {
        "type": "Point", "metric": "checks", "data": {"time": "2026-01-01T10:00:00Z", "value": 1,
        "tags": {"check": "ok", "url": "u" * 680}},
    }  # fmt: skip
    return b"\n".join([json.dumps(point).encode()] * points)


@pytest.mark.parametrize(("make", "number"), [(sarif, 8000), (junit, 20_000)])
def test_a_long_file_is_read_like_a_short_one(make: Callable[[int], bytes], number: int) -> None:
    """The same facts and documents from a file as from memory."""
    body = make(number)
    short, long = read_report(body), read_report(scratch_of(body))
    assert long.format is short.format
    for one, other in zip(long.readings, short.readings, strict=True):
        assert (one.data, one.time) == (other.data, other.time)
        assert [doc.body for doc in one.documents] == [doc.body for doc in other.documents]
        (document,) = one.documents
        assert not isinstance(document.content, bytes)


@pytest.mark.parametrize(
    ("make", "number"),
    [(sarif, 25_000), (junit, 20_000), (cobertura, 20_000), (stream, 17_000)],
)
def test_reading_takes_memory_that_does_not_grow_with_the_file(
    make: Callable[[int], bytes], number: int
) -> None:
    """What is enough for 13 MB is enough for 250."""
    body = make(number)
    kept = scratch_of(body)
    assert len(body) > 12_000_000
    tracemalloc.start()
    try:
        read_report(kept)
        assert tracemalloc.get_traced_memory()[1] < 6_000_000
    finally:
        tracemalloc.stop()


def test_lines_are_those_of_the_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wherever the pieces are cut; one without end is refused."""
    text = b"\nab\n\ncdefghij\nk\n"
    for size in range(1, len(text) + 2):
        monkeypatch.setattr("intake.buffer.PIECE", size)
        assert list(lines_of(memoryview(text))) == text.split(b"\n")
    monkeypatch.setattr("intake.buffer.PIECE", 4)
    monkeypatch.setattr("intake.buffer.MAX_ELEMENT", 5)
    with pytest.raises(TooLargeError) as refused:
        list(lines_of(text))
    assert refused.value.place == "line 4"


def test_other_formats_are_read_whole_and_up_to_a_smaller_limit(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It is said which format and how much."""
    monkeypatch.setattr("intake.registry.MAX_WHOLE", 100)
    body = b'{"bomFormat": "CycloneDX", "x": "' + b"x" * 200 + b'"}'
    with pytest.raises(TooLargeError, match="at most 100 bytes of CycloneDX JSON"):
        read_report(body)
    assert read_report(b"<testsuite/><!--" + b"x" * 200 + b"-->").format.name == "junit"
