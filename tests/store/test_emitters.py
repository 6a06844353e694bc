"""Who signed an envelope, at little cost for whoever did not."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from domain.errors import ForbiddenError
from domain.log.dsse import Envelope, EnvelopeSignature, pae
from domain.log.emitter import EmitterKey
from domain.log.key import SigningKey
from store.emitters import Emitters

if TYPE_CHECKING:
    from store.postgres.database import Database

NOW = datetime(2026, 1, 1, tzinfo=UTC)
ONE, TWO = (SigningKey(f"key.example/{seed}", bytes([seed]) * 32) for seed in (1, 2))


def test_a_stranger_is_tried_with_each_key_once_and_a_new_key_is_known_at_once(
    ledger_database: Database, schema_name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also of another process, whose keys are read anew when a signature verifies with none."""
    seconds = iter(range(1000))
    here, there = (
        Emitters(ledger_database, schema_name, os.urandom, lambda: NOW, lambda: next(seconds))
        for _ in range(2)
    )
    tried: list[EmitterKey] = []
    verify = EmitterKey.verify

    def counted(key: EmitterKey, message: bytes, signature: bytes) -> bool:
        tried.append(key)
        return verify(key, message, signature)

    monkeypatch.setattr(EmitterKey, "verify", counted)
    keys = [EmitterKey.ed25519(one.verifier.public) for one in (ONE, TWO)]
    there.enroll(keys[0], there.credential("one", (), None))
    said = Envelope("t", b"x", (EnvelopeSignature(None, TWO.sign(pae("t", b"x"))),))
    assert here.remembered() == []
    with pytest.raises(ForbiddenError):
        here.signer(said)
    assert tried == keys[:1]
    known = here.remembered()
    assert [one.key for one in known] == keys[:1]
    with pytest.raises(ForbiddenError):
        here.signer(said, known)
    assert tried == keys[:1]
    there.enroll(keys[1], there.credential("two", (), None))
    assert here.signer(said, known).principal == "two"
    assert tried == keys
