"""What a witness is sent, and whether it cosigns that."""

from __future__ import annotations

from hashlib import sha256

import pytest

from domain.errors import ForbiddenError, NotFoundError, PipeledgerError, RefusedError
from domain.log.checkpoint import Checkpoint, sign_checkpoint
from domain.log.key import SigningKey
from domain.log.note import sign_note
from domain.log.tree import consistency_proof, root_of
from domain.log.wire import write_base64
from domain.log.witness import (
    MAX_SUBMISSION,
    InconsistentError,
    StaleError,
    Submission,
    judge,
    origin_digest,
)
from tests.domain.log.leaves import Leaves, leaf

LOG = SigningKey("log.example/a", bytes([7]) * 32)
OTHER = SigningKey("log.example/a", bytes([8]) * 32)
LEAVES = Leaves([leaf(number) for number in range(16)])


def tree(size: int) -> Checkpoint:
    """The checkpoint of so many leaves."""
    return Checkpoint(LOG.name, size, root_of(size, LEAVES))


def sent(old: int, new: int, key: SigningKey = LOG) -> Submission:
    """A right submission."""
    hashes = tuple(consistency_proof(old, new, LEAVES)) if old <= new else ()
    return Submission(old, hashes, sign_checkpoint(tree(new), [key]))


def test_a_submission_is_read_as_it_was_written() -> None:
    """With hashes or without, up to 63."""
    for one in (sent(0, 5), sent(5, 9), Submission(1, (bytes(32),) * 63, sent(0, 5).note)):
        assert Submission.parse(one.encode()) == one
        assert one.origin == LOG.name
    assert sent(5, 9).encode().startswith(b"old 5\n")


NOTE = sent(0, 5).note
HASH = write_base64(bytes(32)).encode()


@pytest.mark.parametrize(
    ("raw", "place"),
    [
        (b"old 0\n" + NOTE.partition(b"\n\n")[0], "request"),
        (b"old 0\n\xff\n\n" + NOTE, "request byte 6"),
        (b"size 0\n\n" + NOTE, "request line 1"),
        (b"old 00\n\n" + NOTE, "request line 1"),
        (b"old 1\n" + HASH + b"\n" + HASH[:-2] + b"==\n\n" + NOTE, "request line 3"),
        (b"old 1\n" + (HASH + b"\n") * 64 + b"\n" + NOTE, "request"),
        (b"old 0\n\nno note\n", "note"),
    ],
    ids=["no blank line", "no ASCII", "no old", "a zero too many", "a short hash", "64 hashes",
         "no note"],
)  # fmt: skip
def test_what_is_no_submission_is_refused_with_its_place(raw: bytes, place: str) -> None:
    """Lines are counted from one."""
    with pytest.raises(RefusedError) as caught:
        Submission.parse(raw)
    assert caught.value.place == place


@pytest.mark.parametrize(("old", "new"), [(0, 0), (0, 5), (5, 5), (5, 9), (8, 9)])
def test_the_tree_grown_on_is_cosigned(old: int, new: int) -> None:
    """Also the same again, and the first of all."""
    assert judge(sent(old, new), [LOG.verifier], tree(old)) == tree(new)
    if old == 0:
        assert judge(sent(old, new), [LOG.verifier], None) == tree(new)


FORK = sign_checkpoint(Checkpoint(LOG.name, 5, bytes(32)), [LOG])
EMPTY = sign_note(f"{LOG.name}\n0\n{write_base64(bytes(32))}\n", [LOG])


@pytest.mark.parametrize(
    ("submission", "last", "kind", "fork"),
    [
        (sent(5, 9, OTHER), tree(5), ForbiddenError, None),
        (Submission(6, (), NOTE), tree(5), RefusedError, None),
        (Submission(0, (), sign_note("x\n", [LOG])), None, RefusedError, None),
        (sent(3, 9), tree(5), StaleError, None),
        (sent(5, 9), None, StaleError, None),
        (Submission(5, (), FORK), tree(5), InconsistentError, True),
        (Submission(0, (), EMPTY), None, InconsistentError, False),
        (Submission(5, (), sent(5, 9).note), tree(5), InconsistentError, False),
        (Submission(5, sent(5, 9).hashes[::-1], sent(5, 9).note), tree(5), InconsistentError,
         False),
        (Submission(5, (bytes(32),), sent(5, 5).note), tree(5), InconsistentError, False),
    ],
    ids=["another key", "smaller than the old", "no checkpoint", "an older old", "unseen", "a fork",
         "an empty tree with a root", "no proof", "a wrong proof", "a proof of nothing"],
)  # fmt: skip
def test_anything_else_is_answered_with_its_own_error(
    submission: Submission,
    last: Checkpoint | None,
    kind: type[PipeledgerError],
    fork: bool | None,  # noqa: FBT001 - a row
) -> None:
    """A fork alone is called one."""
    with pytest.raises(kind) as caught:
        judge(submission, [LOG.verifier], last)
    assert type(caught.value) is kind
    if isinstance(caught.value, InconsistentError):
        assert caught.value.fork is fork
    if isinstance(caught.value, StaleError):
        assert caught.value.size == (0 if last is None else last.size)
        assert f"the tree of {caught.value.size} entries" in str(caught.value)


def test_the_tables_of_the_protocol() -> None:
    """The largest request, and the name of a log in addresses."""
    assert MAX_SUBMISSION == 65_536
    assert origin_digest("a") == sha256(b"a").hexdigest()


def test_a_request_begins_with_the_old_size() -> None:
    """Without it the number is not looked at."""
    with pytest.raises(RefusedError, match="expected the old size"):
        Submission.parse(b"0\n\n" + NOTE)


def test_a_log_without_trusted_keys_is_unknown() -> None:
    """Nothing else of it is looked at."""
    with pytest.raises(NotFoundError):
        judge(Submission(5, (), b"anything"), [], None)
