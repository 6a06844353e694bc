"""What is sealed for people opens for as long as none of them is forgotten."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any, Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.errors import DamageError, UnavailableError
from domain.people import Account
from store.people.keys import decrypt, encrypt, joint_key

if TYPE_CHECKING:
    from collections.abc import Callable

    from store.people.register import Register

ANNA = Account(email="anna@x.org")
LEE = Account(email="lee@x.org")
KIM = Account(email="kim@x.org")
BOUND = b"c" * 32


def trio(register: Register) -> tuple[str, str, str]:
    """Three persons, in the order of their ids."""
    first, second, third = sorted(register.resolve([ANNA, LEE, KIM]))
    return first, second, third


@pytest.mark.parametrize("body", [b"", b"\0", b"text", b"x" * 1_000_000])
@pytest.mark.parametrize("number", [0, 1, 2, 3])
def test_a_sealed_body_opens_after_a_restart(
    opened: Callable[[], Register], number: int, body: bytes
) -> None:
    """For nobody, for one, and for several together; and never twice as the same bytes."""
    register = opened()
    persons = trio(register)[:number]
    sealed = register.seal(body, persons, BOUND)
    assert opened().open_sealed(sealed, persons, BOUND) == body
    assert register.seal(body, persons, BOUND) != sealed
    assert len(body) < 4 or body not in sealed


@pytest.mark.parametrize("pieces", [[], [b""], [b"te", b"", b"xt"], [b"x" * 1_000_000] * 3])
def test_what_is_sealed_in_pieces_opens_as_a_whole(register: Register, pieces: list[bytes]) -> None:
    """It is the same seal; nothing of the plain bytes is in it."""
    persons = trio(register)
    sealed = b"".join(register.seal_pieces(iter(pieces), persons, BOUND))
    assert register.open_sealed(sealed, persons, BOUND) == b"".join(pieces)
    with pytest.raises(DamageError):
        register.open_sealed(sealed[:-1] + bytes([sealed[-1] ^ 1]), persons, BOUND)


def test_a_joint_seal_opens_for_no_smaller_circle(register: Register) -> None:
    """Each person's key is needed, and nobody else's helps."""
    persons = trio(register)
    sealed = register.seal(b"text", persons, BOUND)
    for size in range(3):
        for fewer in itertools.combinations(persons, size):
            with pytest.raises(DamageError):
                register.open_sealed(sealed, fewer, BOUND)


@pytest.mark.parametrize("gone", [0, 1, 2])
def test_forgetting_any_one_closes_a_joint_seal_for_good(
    opened: Callable[[], Register], gone: int
) -> None:
    """In this process and after a restart; the others' own seals still open."""
    register = opened()
    persons = trio(register)
    sealed = register.seal(b"text", persons, BOUND)
    others = tuple(one for one in persons if one != persons[gone])
    kept = register.seal(b"kept", others, BOUND)
    register.erase(persons[gone])
    for one in (register, opened()):
        assert one.open_sealed(sealed, persons, BOUND) is None
        assert one.open_sealed(kept, others, BOUND) == b"kept"


def test_nothing_is_sealed_for_somebody_forgotten(register: Register) -> None:
    """It would be lost; the sender is told to send it again."""
    (person,) = register.resolve([ANNA])
    register.erase(person)
    with pytest.raises(UnavailableError, match="send it again"):
        register.seal(b"text", (person,), BOUND)


@pytest.fixture
def sealed(register: Register) -> tuple[str, bytes]:
    """A person and what is sealed for them."""
    (person,) = register.resolve([ANNA])
    return person, register.seal(b"text", (person,), BOUND)


def test_any_altered_byte_is_damage(register: Register, sealed: tuple[str, bytes]) -> None:
    """Nonce, text and tag; too short, too long, nothing at all; bound to something else."""
    person, good = sealed
    altered = [good[:at] + bytes([good[at] ^ 1]) + good[at + 1 :] for at in range(len(good))]
    altered += [good[:length] for length in range(len(good))]
    altered += [good + b"\0", good[12:]]
    for bad in altered:
        with pytest.raises(DamageError, match="do not open"):
            register.open_sealed(bad, (person,), BOUND)
    with pytest.raises(DamageError, match="do not open"):
        register.open_sealed(good, (person,), b"d" * 32)


@settings(deadline=None)
@given(st.binary(max_size=100), st.binary(max_size=40))
def test_no_bytes_at_all_surface_the_librarys_own_error(junk: bytes, aad: bytes) -> None:
    """Only damage is reported."""
    with pytest.raises(DamageError):
        decrypt(b"k" * 32, junk, aad)


def test_the_joint_key_depends_on_every_key_and_their_order() -> None:
    """No two circles share one, and it is none of the keys."""
    keys = [bytes([number]) * 32 for number in range(4)]
    circles = [circle for size in (1, 2, 3) for circle in itertools.permutations(keys, size)]
    made = {joint_key(circle) for circle in circles}
    assert len(made) == len(circles)
    assert made.isdisjoint(keys)


def test_a_seal_is_nonce_text_and_tag() -> None:
    """AES-256-GCM: 12 bytes before, 16 behind."""
    assert len(encrypt(b"k" * 32, b"text", b"", lambda n: b"n" * n)) == 12 + 4 + 16


def test_a_part_of_thousands_of_people_opens_after_a_restart_in_one_query(
    opened: Callable[[], Register],
) -> None:
    """Their keys are read together."""
    register = opened()
    crowd = [Account(system="s", login=f"user-{number}") for number in range(2000)]
    persons = tuple(sorted(register.resolve(crowd)))
    sealed = register.seal(b"text", persons, BOUND)
    again = opened()
    taken: list[str] = []
    session = again._database.session

    def counted(role: Literal["owner", "writer", "redactor"] = "owner") -> Any:  # noqa: ANN401 - what it stands for
        taken.append(role)
        return session(role)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(again._database, "session", counted)
        assert again.open_sealed(sealed, persons, BOUND) == b"text"
    assert taken == ["writer"]
    register.erase(persons[1000])
    assert opened().open_sealed(sealed, persons, BOUND) is None
