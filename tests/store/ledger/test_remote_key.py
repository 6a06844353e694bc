"""A log key that lies elsewhere: used by its URI, refused where it cannot sign, away at times."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from domain.errors import SettingError, UnavailableError
from store.ledger.guard import FileGuard
from store.ledger.opening import Place, create_ledger, examine, open_ledger
from tests.store.ledger.conftest import ORIGIN, Home, draft
from tests.store.ledger.rotations import append, entries, step, verified

if TYPE_CHECKING:
    from pathlib import Path

    from store.ledger.ledger import Ledger


def pem(path: Path, seed: bytes) -> str:
    """A private key in a file; its URI."""
    key = Ed25519PrivateKey.from_private_bytes(seed)
    path.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return f"file2:{path}"


def begin(ledger: Ledger, uri: str) -> None:
    """Begin to replace the log key by one that lies elsewhere."""
    ledger.rotating().begin("log", uri)
    step(ledger, "log", end=False)


def test_a_key_elsewhere_follows_the_log_key_and_may_be_away_for_a_while(
    home: Home, ledger: Ledger, tmp_path: Path
) -> None:
    """While it is away nothing is acknowledged, nothing is lost; then all of it is signed."""
    pins, file = ledger.vkeys, tmp_path / "log.pem"
    begin(ledger, pem(file, bytes(range(32))))
    step(ledger, "log", end=True)
    append(ledger, [1])
    home.close()
    again = home.open()
    away = file.rename(tmp_path / "away.pem")
    with pytest.raises(UnavailableError, match=r"the signer file2:.* does not answer"):
        append(again, [2])
    with pytest.raises(UnavailableError):
        append(again, [3])
    away.rename(file)
    note = append(again, [2, 4])
    assert [str(one) for one in examine("test", ORIGIN, home.place, home.around)] == []
    verified(entries(again), note, pins)
    assert len(entries(again)) == 7
    assert sorted(one.name for one in home.place.keys.iterdir()) == [
        "intake.key", "log.signer", "public.vkeys",
    ]  # fmt: skip


def test_a_ledger_is_made_with_a_key_elsewhere(home: Home, tmp_path: Path) -> None:
    """Its private half is in no file of the ledger."""
    with home.database.connect() as connection:
        connection.execute("DROP SCHEMA ledger_test CASCADE")
    uri = pem(tmp_path / "log.pem", bytes(range(1, 33)))
    place, guard = Place(tmp_path / "other"), FileGuard(tmp_path / "other-guard")
    around = replace(home.around, guard=guard, signer=uri)
    create_ledger("test", ORIGIN, place, around)
    ledger = open_ledger("test", ORIGIN, place, around)
    try:
        note = append(ledger, [1])
        verified(entries(ledger), note, ledger.vkeys)
    finally:
        ledger.close()
    assert not (place.keys / "log.key").exists()


def test_a_successor_of_a_broken_off_run_is_not_replaced_in_silence(
    ledger: Ledger, tmp_path: Path
) -> None:
    """The URI is refused by name; without it, or with the same one, the run goes on."""
    uri = pem(tmp_path / "log.pem", bytes(range(32)))
    made = ledger.rotating().begin("log").new
    with pytest.raises(SettingError, match=r"log\.pem is not used: .* left another key"):
        ledger.rotating().begin("log", uri)
    assert ledger.rotating().begin("log").new == made


@pytest.mark.parametrize(
    ("uri", "said"),
    [
        ("awskms:alias/log", "need Ed25519"),
        ("gcpkms:projects/x", "need Ed25519"),
        ("azurekms://x.vault.azure.net/keys/y", "need Ed25519"),
        ("hsm:2", "need Ed25519"),
        ("hv:log/1", r"pip install 'securesystemslib\[vault\]'"),
        ("nonsense", "no URI of a key"),
    ],
)
def test_what_cannot_sign_is_refused_by_name(ledger: Ledger, uri: str, said: str) -> None:
    """Before anything is written."""
    with pytest.raises(SettingError, match=said):
        ledger.rotating().begin("log", uri)
    step(ledger, "log", end=False)


def test_one_key_under_two_purposes_is_refused(home: Home, ledger: Ledger, tmp_path: Path) -> None:
    """A log key that is the intake key, offered by URI or copied as a file."""
    seed = (home.place.keys / "intake.key").read_bytes()
    with pytest.raises(SettingError, match="take another"):
        ledger.rotating().begin("log", pem(tmp_path / "same.pem", seed))
    (tmp_path / "ec.pem").write_bytes(
        generate_private_key(SECP256R1()).private_bytes(
            Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
        )
    )
    with pytest.raises(SettingError, match="no Ed25519 key"):
        ledger.rotating().begin("log", f"file2:{tmp_path / 'ec.pem'}")
    home.close()
    (home.place.keys / "log.key").write_bytes(seed)
    with pytest.raises(SettingError, match="two purposes"):
        home.open()


def test_only_the_log_key_can_lie_elsewhere(ledger: Ledger, tmp_path: Path) -> None:
    """The intake key signs each event."""
    with pytest.raises(SettingError, match="only the log key"):
        ledger.rotating().begin("intake", pem(tmp_path / "k.pem", bytes(range(32))))
    ledger.submit([draft(1)]).result()
