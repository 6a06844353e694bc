"""Proof files: what they hold, line by line, and that all of it is looked at."""

from __future__ import annotations

from dataclasses import replace

import pytest

from domain.errors import DamageError, RefusedError, TooLargeError
from domain.log.proof import MAX_PROOF, TlogProof
from domain.log.wire import write_base64
from tests.domain.log import known_answers as known

PROOF = TlogProof.parse(known.PROOF_OF_POSITION_2.encode())
NOTE = known.CHECKPOINT.encode()
HEAD = "c2sp.org/tlog-proof@v1"
HASH = write_base64(bytes(32))


def test_what_the_maker_added_is_kept() -> None:
    """Empty and largest; it stands between header and index."""
    for extra in (b"", b"words", bytes(65_536)):
        more = replace(PROOF, extra=extra)
        assert TlogProof.parse(more.encode()) == more
    assert replace(PROOF, extra=b"\0").encode().split(b"\n")[1:3] == [b"extra AA==", b"index 1"]
    with pytest.raises(TooLargeError, match="extra has over 65536 bytes"):
        replace(PROOF, extra=bytes(65_537)).encode()


@pytest.mark.parametrize(
    ("head", "place", "reason"),
    [
        ("tlog-proof@v1\nindex 1", "proof line 1", "expected c2sp"),
        (HEAD, "proof line 2", "line of the index"),
        (f"{HEAD}\nextra AA==", "proof line 3", "line of the index"),
        (f"{HEAD}\n{HASH}", "proof line 2", "line of the index"),
        (f"{HEAD}\nextra AA==\n{HASH}", "proof line 3", "line of the index"),
        (f"{HEAD}\nextra AB==\nindex 1", "proof line 2", "standard base64"),
        (f"{HEAD}\nindex 01", "proof line 2", "decimal number"),
        (f"{HEAD}\nextra AA==\nindex 01", "proof line 3", "decimal number"),
        (f"{HEAD}\nindex 1\n{HASH}\n{HASH[:-4]}", "proof line 4", "32 bytes"),
        (f"{HEAD}\nextra AA==\nindex 1\nAA==", "proof line 4", "32 bytes"),
        (f"{HEAD}\nindex 4", "proof line 2", "no leaf of this index"),
        (f"{HEAD}\nextra AA==\nindex 4", "proof line 3", "no leaf of this index"),
        (f"{HEAD}\nindex 1\n\N{EM DASH}", "proof byte 31", "not ASCII"),
    ],
)
def test_what_is_no_proof_is_refused_with_its_line(head: str, place: str, reason: str) -> None:
    """Lines are counted from one."""
    with pytest.raises(RefusedError, match=reason) as caught:
        TlogProof.parse(head.encode() + b"\n\n" + NOTE)
    assert caught.value.place == place


def test_a_proof_without_a_checkpoint_is_refused() -> None:
    """There is nothing that it could lead to."""
    with pytest.raises(RefusedError, match="no blank line before the checkpoint"):
        TlogProof.parse(f"{HEAD}\nindex 1\n".encode())


def test_sixty_three_hashes_and_so_many_bytes_are_the_most() -> None:
    """One more is too large; a file that could not be read is not written either."""
    longest = replace(PROOF, hashes=(bytes(32),) * 63)
    assert TlogProof.parse(longest.encode()) == longest
    with pytest.raises(TooLargeError, match="at most 63 hashes"):
        replace(PROOF, hashes=(bytes(32),) * 64).encode()
    assert MAX_PROOF == 1_131_072
    with pytest.raises(RefusedError, match="no blank line"):
        TlogProof.parse(bytes(MAX_PROOF))
    with pytest.raises(TooLargeError, match="at most 1131072 bytes"):
        TlogProof.parse(bytes(MAX_PROOF + 1))


def test_the_path_has_to_lead_from_the_entry_to_the_root() -> None:
    """Another entry, place or hash does not."""
    leaf, keys = bytes.fromhex(known.ENTRIES[1].leaf), [known.LOG.verifier]
    assert PROOF.verify(leaf, keys, known.ORIGIN).size == 4
    for proof, of in (
        (PROOF, bytes.fromhex(known.ENTRIES[2].leaf)), (replace(PROOF, index=2), leaf),
        (replace(PROOF, hashes=PROOF.hashes[::-1]), leaf),
    ):  # fmt: skip
        with pytest.raises(DamageError, match="another root"):
            proof.verify(of, keys, known.ORIGIN)
