"""Tokens: drawn, kept as digests, valid until they expire or are revoked."""

from __future__ import annotations

import hmac
import os
from base64 import urlsafe_b64decode
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import TYPE_CHECKING

import pytest
from psycopg import errors, sql

from domain.errors import NotFoundError
from store.credentials import Tokens

if TYPE_CHECKING:
    from store.credentials import Credential, Role
    from store.postgres.database import Database

PERSON = "per_" + "a" * 32
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


@dataclass
class Time:
    """A clock that a test moves."""

    passed: float = 0

    def now(self) -> datetime:
        """The instant."""
        return NOON + timedelta(seconds=self.passed)

    def monotonic(self) -> float:
        """Seconds."""
        return self.passed


@pytest.fixture
def time() -> Time:
    """Noon."""
    return Time()


@pytest.fixture
def tokens(ledger_database: Database, schema_name: str, time: Time) -> Tokens:
    """No token yet."""
    return Tokens(ledger_database, schema_name, os.urandom, time.now, time.monotonic)


def issued(tokens: Tokens, role: Role = "emitter", expires: datetime | None = None) -> str:
    """A token that may be used."""
    text, credential = tokens.draw(PERSON, role, ("https://ci.example/",), expires)
    tokens.keep(text, credential)
    return text


def test_a_token_is_256_drawn_bits(tokens: Tokens) -> None:
    """No two are alike, and nothing of it stands in what is told about it."""
    drawn = [tokens.draw(PERSON, "emitter") for _ in range(50)]
    secrets = {urlsafe_b64decode(text.removeprefix("plt_") + "=") for text, _ in drawn}
    assert {len(secret) for secret in secrets} == {32}
    assert len(secrets) == len({credential.id for _, credential in drawn}) == 50
    assert all(text.removeprefix("plt_") not in repr(credential) for text, credential in drawn)


def test_a_token_is_nothing_until_it_is_kept(tokens: Tokens, time: Time) -> None:
    """So that its record can come first."""
    text, credential = tokens.draw(PERSON, "emitter")
    assert tokens.find(text) is None
    tokens.keep(text, credential)
    time.passed += 6
    assert tokens.find(text) == credential


@pytest.mark.parametrize("role", ["emitter", "approver", "auditor", "operator"])
def test_a_token_gives_its_role_sources_and_person(tokens: Tokens, role: Role) -> None:
    """As they were granted."""
    found = tokens.find(issued(tokens, role))
    assert found is not None
    assert (found.role, found.sources, found.principal, found.how) == (
        role, ("https://ci.example/",), PERSON, "token",
    )  # fmt: skip
    assert tokens.valid() == [found]


def test_no_role_outside_the_four_is_kept(tokens: Tokens) -> None:
    """The table refuses it."""
    text, credential = tokens.draw(PERSON, "root")  # type: ignore[arg-type]  # what is tested
    with pytest.raises(errors.CheckViolation):
        tokens.keep(text, credential)


@pytest.mark.parametrize(
    "text", ["", "plt_", "plt_" + "A" * 43, "\ud800", "\0", "x" * 100_000, "plt_\n", "' OR true --"]
)
def test_what_is_no_token_finds_nothing(tokens: Tokens, text: str) -> None:
    """Whatever it looks like."""
    issued(tokens)
    assert tokens.find(text) is None


def test_a_token_counts_whole_and_exactly(tokens: Tokens) -> None:
    """No prefix, no longer one, none in other case or with space around, and no digest."""
    text = issued(tokens)
    digest = sha256(text.encode())
    nearly = (text[:-1], text + "A", text.swapcase(), f" {text}", text.removeprefix("plt_"))
    for near in (*nearly, digest.hexdigest(), digest.digest().decode("latin-1")):
        assert tokens.find(near) is None


def test_a_token_expires_at_its_instant(tokens: Tokens, time: Time) -> None:
    """Though it was used a moment ago."""
    text = issued(tokens, expires=NOON + timedelta(seconds=2))
    time.passed = 1.9
    assert tokens.find(text) is not None
    time.passed = 2
    assert tokens.find(text) is None


def test_a_credential_is_found_by_its_id_while_its_token_is_valid(
    tokens: Tokens, time: Time
) -> None:
    """Until it expires or is revoked; another id finds nothing."""
    found = tokens.find(issued(tokens, expires=NOON + timedelta(seconds=20)))
    revoked = tokens.find(issued(tokens))
    assert found is not None
    assert revoked is not None
    assert tokens.of(found.id) == found
    assert tokens.of(revoked.id) == revoked
    assert tokens.of("crd_" + "0" * 32) is None
    tokens.revoke(revoked.id)
    assert tokens.of(revoked.id) is None
    time.passed = 20
    assert tokens.of(found.id) is None


def test_a_revoked_token_is_useless_here_at_once_and_elsewhere_soon(
    tokens: Tokens, ledger_database: Database, schema_name: str, time: Time
) -> None:
    """Another process asks anew after five seconds."""
    elsewhere = Tokens(ledger_database, schema_name, os.urandom, time.now, time.monotonic)
    text, other = issued(tokens), issued(tokens)
    found = elsewhere.find(text)
    assert found is not None
    tokens.check(found.id)
    tokens.revoke(found.id)
    assert tokens.find(text) is None
    time.passed += 5.1
    assert elsewhere.find(text) is None
    assert tokens.find(other) is not None
    assert [one.id for one in tokens.valid()] != [found.id]


def test_a_token_that_was_looked_up_while_it_was_revoked_is_useless_too(
    tokens: Tokens, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The database answered before, and the answer is remembered by nobody."""
    text = issued(tokens)
    look_up = tokens._look_up

    def slow(digest: bytes) -> Credential | None:
        found = look_up(digest)
        if found is not None:
            tokens.revoke(found.id)
        return found

    monkeypatch.setattr(tokens, "_look_up", slow)
    assert tokens.find(text) is not None
    assert tokens.remembered(text) is None
    assert tokens.find(text) is None


def test_wrong_tokens_push_no_valid_one_out_of_memory(
    tokens: Tokens, time: Time, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever makes them up costs those who are known no question to the database."""
    monkeypatch.setattr("store.credentials._REMEMBERED", 3)
    text = issued(tokens)
    assert tokens.remembered(text) is None
    found = tokens.find(text)
    assert found is not None
    for number in range(9):
        assert tokens.find(f"plt_{number}") is None
    assert tokens.remembered("plt_8") is None
    assert tokens.remembered(text) == found
    time.passed += 5.1
    assert tokens.remembered(text) is None


def test_only_a_valid_token_can_be_revoked(tokens: Tokens) -> None:
    """A second time, or by a name that is none, is said."""
    found = tokens.find(issued(tokens))
    assert found is not None
    tokens.revoke(found.id)
    for name in (found.id, "crd_" + "0" * 32, ""):
        with pytest.raises(NotFoundError):
            tokens.revoke(name)
        with pytest.raises(NotFoundError):
            tokens.check(name)


def test_a_digest_is_compared_in_constant_time(
    tokens: Tokens, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the index found counts only when the comparison agrees."""
    text = issued(tokens)
    compared: list[tuple[bytes, bytes]] = []

    def differ(one: bytes, other: bytes) -> bool:
        compared.append((one, other))
        return False

    monkeypatch.setattr(hmac, "compare_digest", differ)
    assert tokens.find(text) is None
    assert compared == [(sha256(text.encode()).digest(),) * 2]


def test_no_secret_stands_in_the_table(
    tokens: Tokens, ledger_database: Database, schema_name: str
) -> None:
    """The digest alone, from which nothing leads back."""
    text = issued(tokens)
    secret = urlsafe_b64decode(text.removeprefix("plt_") + "=")
    query = sql.SQL("SELECT * FROM {}").format(sql.Identifier(schema_name, "tokens"))
    with ledger_database.connect() as connection:
        (row,) = connection.execute(query).fetchall()
    for value in row:
        raw = value if isinstance(value, bytes) else str(value).encode()
        assert secret not in raw
        assert text.removeprefix("plt_").encode() not in raw
    assert sha256(text.encode()).digest() in row


def test_the_appending_role_changes_nothing_of_a_token_but_its_end(
    tokens: Tokens, ledger_database: Database, schema_name: str
) -> None:
    """It makes no role larger and takes nothing away."""
    issued(tokens)
    table = sql.Identifier(schema_name, "tokens")
    for query in (
        sql.SQL("UPDATE {} SET role = 'operator'").format(table),
        sql.SQL("DELETE FROM {}").format(table),
    ):
        with (
            ledger_database.session("writer") as connection,
            pytest.raises(errors.InsufficientPrivilege),
        ):
            connection.execute(query)
