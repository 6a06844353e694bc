"""Names: what the log can hold, and how values that it cannot hold get a name."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import RefusedError
from domain.log import names

Check = Callable[[str], str]


@pytest.mark.parametrize(
    "origin",
    ["a", "0", "pipeledger.example/acme", "pipeledger.invalid/" + "0a" * 16, "a/_", "a/.", "a-b.c",
     "a" * 100],
)  # fmt: skip
def test_origins(origin: str) -> None:
    """Lower-case names with parts set apart by slashes are origins."""
    assert names.check_origin(origin) == origin


@pytest.mark.parametrize(
    "origin",
    ["", "A", "-a", ".a", "/a", "a/", "a//b", "a b", "a+b", "a_b", "a/B", "a\n", "ä", "a" * 101,
     'a"', "https://a"],
)  # fmt: skip
def test_no_origins(origin: str) -> None:
    """Capitals, empty parts, blanks, plus signs and over 100 characters are refused."""
    with pytest.raises(RefusedError, match="origin"):
        names.check_origin(origin)


@pytest.mark.parametrize("check", [names.check_type, names.check_tag, names.check_stream])
@pytest.mark.parametrize("name", ["a", "A", "~", "!", "a/b@c:1{}[],", "x" * 232])
def test_the_log_holds_printable_ascii(check: Check, name: str) -> None:
    """1 to 232 printable characters are held as they are."""
    assert check(name) == name


@pytest.mark.parametrize("check", [names.check_type, names.check_tag, names.check_stream])
@pytest.mark.parametrize(
    "name", ["", "a b", 'a"', "a\\", "a\n", "\n", "\0", "a\x7f", "ä", "\u2028", "x" * 233]
)
def test_the_log_does_not_hold_what_would_be_escaped(check: Check, name: str) -> None:
    """Blanks, quotation marks, backslashes, control and other characters are refused."""
    with pytest.raises(RefusedError):
        check(name)


def test_the_prefix_of_streams_is_reserved() -> None:
    """No event may carry a tag that reads as a condition on a stream."""
    with pytest.raises(RefusedError, match="reserved"):
        names.check_tag("stream:ledger")
    with pytest.raises(ValueError, match="kind"):
        names.tag("stream", "ledger")
    assert names.check_stream("stream:ledger") == "stream:ledger"


def digest(value: str) -> str:
    """How a value stands that a name cannot hold."""
    return "~" + sha256(value.encode()).hexdigest()[:32]


@pytest.mark.parametrize("value", ["checkout", "https://code.example/acme", "~x", "v" * 200, "a:b"])
def test_a_value_that_fits_is_a_tag_as_it_is(value: str) -> None:
    """Printable values up to 200 characters stand in clear."""
    assert names.tag("service", value) == f"service:{value}"


@pytest.mark.parametrize(
    "value", ["", "a b", "ä", 'a"', "a\\", "a\nb", "v" * 201, digest("a b"), "\u0660"]
)
def test_a_value_that_does_not_fit_is_a_tag_by_its_digest(value: str) -> None:
    """Longer and other values, and those that would pass as a digest, are digested."""
    assert names.tag("service", value) == f"service:{digest(value)}"


def test_a_tag_never_outgrows_the_log() -> None:
    """The longest kind with the longest value is digested: the log holds 232 characters."""
    assert names.tag("k" * 32, "v" * 200) == "k" * 32 + ":" + digest("v" * 200)
    assert names.tag("k" * 31, "v" * 200) == "k" * 31 + ":" + "v" * 200


@pytest.mark.parametrize("kind", ["", "A", "1a", "a:b", "a b", "ä", "k" * 33])
def test_a_kind_is_ours(kind: str) -> None:
    """A kind outside the grammar is a mistake of the caller."""
    with pytest.raises(ValueError, match="kind"):
        names.tag(kind, "x")


@given(st.text(), st.text())
def test_two_values_never_share_a_tag(one: str, other: str) -> None:
    """Every value has a storable tag, and different values have different ones."""
    assert names.check_tag(names.tag("k", one))
    assert (names.tag("k", one) == names.tag("k", other)) is (one == other)


@given(st.text())
def test_a_digest_never_passes_for_a_value(value: str) -> None:
    """A value that reads as the digest of another has another tag."""
    first = names.tag("k", value).removeprefix("k:")
    assert first == value or names.tag("k", first) != names.tag("k", value)


@pytest.mark.parametrize("value", ["a", "d-1", "v1.2.3+build:7", "_", "a" * 100])
def test_a_component_that_fits_stands_as_it_is(value: str) -> None:
    """Up to 100 letters, digits and `._:+-` stand in clear."""
    assert names.stream_component(value) == value


@pytest.mark.parametrize("value", ["", "a/b", "a@b", "~a", "a b", "ä", "a\n", "a" * 101, "٣"])
def test_a_component_that_does_not_fit_is_digested(value: str) -> None:
    """Slashes, at signs and everything else give way to the digest."""
    assert names.stream_component(value) == digest(value)


@given(st.text())
def test_every_text_makes_a_component(value: str) -> None:
    """No text fails, lone surrogates included, and none can leave its place in the name."""
    component = names.stream_component(value + "\ud800")
    assert names.check_stream(component) == component
    assert not set("/@") & set(component)


def test_the_short_hash_is_that_of_the_table_of_streams() -> None:
    """The known ledger's source has the known short hash."""
    assert names.short_hash("https://ci.example/acme/checkout") == "c19d64f6414b7226"


@pytest.mark.parametrize("name", ["", "A", "1a", "a_b", "a" * 33, "ä", "a\n"])
def test_no_names_of_parts(name: str) -> None:
    """Names of parts are short and lower-case."""
    with pytest.raises(RefusedError, match="part name"):
        names.check_part_name(name)


@pytest.mark.parametrize(
    "name", ["", "text", "text/", "/plain", "text/plain; charset=utf-8", "text/pl ain", "a/b/c",
             "text/plain\n", "tëxt/plain", "a/" + "b" * 128]
)  # fmt: skip
def test_no_media_types(name: str) -> None:
    """A media type is bare: no parameters, one slash."""
    with pytest.raises(RefusedError, match="media type"):
        names.check_media_type(name)


def test_names_and_media_types_of_parts() -> None:
    """What the format uses is taken."""
    assert names.check_part_name("original-2") == "original-2"
    assert names.check_media_type("application/vnd.dsse.envelope.v1+json")
