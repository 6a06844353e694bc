"""What the client's parts raise, before a command turns it into one line and a status."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

import pytest

from pipeledger.carried import carried_items
from pipeledger.codehost.api import HostApi, HostRefusal
from pipeledger.errors import AwayError, ClientError
from pipeledger.instant import read_instant
from pipeledger.receipt import check_answer, check_receipt
from pipeledger.signing import ENVELOPE_TYPE
from pipeledger.spool import EVENT, Item
from pipeledger.verifier.key import MissingLibraryError, TrustedKey
from pipeledger.verifier.note import UnsignedError, open_checkpoint
from tests.client.listening import Reply, listening
from tests.client.writer import b64, ledger_of

if TYPE_CHECKING:
    from pathlib import Path

RECEIPT = ledger_of(2).receipt(2)


@pytest.mark.parametrize(
    ("receipt", "kind", "said"),
    [
        ({}, "", "its answer is no receipt"),
        (RECEIPT | {"position": True}, "", "its answer is no receipt"),
        (RECEIPT | {"position": 0}, "", "its answer is no receipt"),
        (RECEIPT | {"position": 1}, "", "contradicts itself"),
        (RECEIPT | {"leaf": "0" * 64}, "", "contradicts itself"),
        (RECEIPT, "other.kind", "of another event"),
    ],
)
def test_an_answer_that_is_no_receipt_leaves_the_event_unsent(
    receipt: dict[str, Any], kind: str, said: str
) -> None:
    """As if nobody had answered: it goes out again."""
    check_receipt(RECEIPT, "")
    with pytest.raises(AwayError, match=said) as caught:
        check_receipt(receipt, kind)
    assert not caught.value.certain


def test_the_receipt_of_a_signed_event_is_of_what_was_signed() -> None:
    """Whatever it is called in the spool that it came from."""
    for kind, sound in (("deployment.finished", True), ("incident.opened", False)):
        event = json.dumps({"type": f"pipeledger.{kind}.v1"}).encode()
        body = json.dumps({"payload": b64(event)}).encode()
        item = Item(EVENT, "", "default", "e", "another", ENVELOPE_TYPE, body)
        if sound:
            check_answer(RECEIPT, item)
        else:
            with pytest.raises(AwayError, match="of another event"):
                check_answer(RECEIPT, item)


def test_an_instant_beyond_the_calendar_is_none() -> None:
    """In UTC it would lie before the first year."""
    assert read_instant("0001-01-01T00:00:00+14:00") is None
    assert read_instant("2026-01-01T00:00:00") is None


def test_what_is_no_spool_is_not_carried(tmp_path: Path) -> None:
    """Nothing is kept of it."""
    (tmp_path / "words.txt").write_text("words")
    with pytest.raises(ClientError, match=r"words\.txt: neither a folder nor"):
        list(carried_items(tmp_path / "words.txt"))


def test_a_code_host_that_refuses_is_told_from_one_that_is_busy() -> None:
    """With its status."""
    with listening() as host:
        host.behave = lambda _: Reply(451, b"{}")
        with pytest.raises(HostRefusal) as caught:
            list(HostApi(host.url, "", 5, {}).rows("pulls", {}))
    assert caught.value.status == 451


def test_without_the_library_no_signature_is_believed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor called wrong."""
    vkey = ledger_of(1).vkeys[0]
    for name in [name for name in sys.modules if name.startswith("cryptography")]:
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(MissingLibraryError, match="cryptography, which is not installed"):
        TrustedKey.parse(vkey)


def test_a_checkpoint_that_no_trusted_key_signed_may_be_a_later_keys() -> None:
    """So it is told from one whose signature is wrong."""
    writer = ledger_of(1)
    with pytest.raises(UnsignedError):
        open_checkpoint(writer.checkpoint(), [], writer.origin)
