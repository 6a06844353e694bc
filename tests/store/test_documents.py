"""The document store."""

from __future__ import annotations

import errno
import os
import signal
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from typing import TYPE_CHECKING

import pytest

from domain.errors import (
    ConflictError,
    NotFoundError,
    RefusedError,
    TooLargeError,
    UnavailableError,
)
from store.documents import DocumentStore

if TYPE_CHECKING:
    from pathlib import Path

A, B = (sha256(text).hexdigest() for text in (b"a", b"b"))


def bits(path: Path) -> int:
    """Permission bits of a path."""
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where a store lies."""
    return tmp_path / "documents"


@pytest.fixture
def documents(folder: Path) -> DocumentStore:
    """An empty store."""
    return DocumentStore(folder)


def test_a_document_comes_back_as_it_was_put(documents: DocumentStore) -> None:
    """Bytes are kept verbatim, the empty document too."""
    documents.put(A, b"\x00\xffbody\n")
    documents.put(B, b"")
    assert documents.get(A) == b"\x00\xffbody\n"
    assert documents.get(B) == b""
    assert A in documents


def test_a_document_may_come_in_pieces(documents: DocumentStore) -> None:
    """It is the same document, also when it comes again."""
    for _ in range(2):
        documents.put(A, iter([b"bo", b"", b"dy"]))
        assert documents.get(A) == b"body"
    documents.put(A, b"body")
    for other in ([b"bo"], [b"bo", b"dY"], [b"body", b"!"]):
        with pytest.raises(ConflictError):
            documents.put(A, iter(other))


def test_a_document_that_gets_too_large_leaves_nothing(
    folder: Path, documents: DocumentStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However it comes."""
    monkeypatch.setattr("store.documents.MAX_DOCUMENT", 5)
    with pytest.raises(TooLargeError):
        documents.put(A, iter([b"123", b"456"]))
    assert A not in documents
    assert list((folder / ".new").iterdir()) == []


def test_documents_outlive_the_store_object(folder: Path, documents: DocumentStore) -> None:
    """A store opened again finds what was kept."""
    documents.put(A, b"body")
    assert DocumentStore(folder).get(A) == b"body"


def test_putting_equal_bytes_again_changes_nothing(folder: Path, documents: DocumentStore) -> None:
    """A repeat is no error and leaves the file that is there."""
    documents.put(A, b"body")
    path = folder / A[:2] / A[2:4] / A
    before = path.stat()
    documents.put(A, b"body")
    assert path.stat().st_ino == before.st_ino


@pytest.mark.parametrize("other", [b"bodY", b"bod", b"body and more", b""])
def test_other_bytes_under_one_commitment_are_refused(
    documents: DocumentStore, other: bytes
) -> None:
    """What is kept is never replaced."""
    documents.put(A, b"body")
    with pytest.raises(ConflictError):
        documents.put(A, other)
    assert documents.get(A) == b"body"


def test_a_deleted_document_is_gone(documents: DocumentStore) -> None:
    """Deleting says whether there was something; afterwards nothing is."""
    documents.put(A, b"body")
    assert documents.delete(A)
    assert not documents.delete(A)
    assert A not in documents
    with pytest.raises(NotFoundError):
        documents.get(A)


def test_commitments_are_listed_in_order(folder: Path, documents: DocumentStore) -> None:
    """Every kept document once, ascending; strangers' files are no documents."""
    names = sorted(sha256(bytes([n])).hexdigest() for n in range(40))
    for name in reversed(names):
        documents.put(name, name.encode())
    (folder / "note.txt").write_text("x")
    (folder / names[0][:2] / names[0][2:4] / "note.txt").write_text("x")
    (folder / names[0][:2] / names[0][2:4] / A).write_text("misplaced")
    assert list(documents) == names


@pytest.mark.parametrize(
    "name", ["", "a", "A" * 64, "g" * 64, "a" * 63, "a" * 65, "../" + "a" * 61, "a" * 64 + "\n"]
)
def test_what_is_no_commitment_is_refused(documents: DocumentStore, name: str) -> None:
    """No other name reaches the file system."""
    for call in (documents.get, documents.delete):
        with pytest.raises(RefusedError, match="commitment"):
            call(name)
    with pytest.raises(RefusedError, match="commitment"):
        documents.put(name, b"")


def test_reading_is_bounded(documents: DocumentStore) -> None:
    """More than the reader wants is refused, exactly as much is given."""
    documents.put(A, b"12345")
    assert documents.get(A, limit=5) == b"12345"
    with pytest.raises(TooLargeError, match="4 bytes"):
        documents.get(A, limit=4)


def test_an_error_of_whoever_reads_is_not_the_documents(documents: DocumentStore) -> None:
    """A full disk elsewhere, or a folder that is gone, is told as what it is."""
    documents.put(A, b"body")
    with documents.reading(A) as (pieces, length):
        assert (list(pieces), length) == ([b"body"], 4)
    with pytest.raises(OSError, match="full"), documents.reading(A):
        raise OSError(errno.ENOSPC, "full")
    with pytest.raises(FileNotFoundError), documents.reading(A):
        raise FileNotFoundError
    with pytest.raises(NotFoundError), documents.reading(B):
        pass


def test_a_document_that_cannot_be_read_says_so(folder: Path, documents: DocumentStore) -> None:
    """Whole or in pieces."""
    (folder / A[:2] / A[2:4] / A).mkdir(parents=True)
    with pytest.raises(UnavailableError, match="cannot be read"):
        documents.get(A)
    with pytest.raises(UnavailableError, match="cannot be read"), documents.reading(A):
        pass


def test_files_are_private(folder: Path, documents: DocumentStore) -> None:
    """Folders 0700 and files 0600, whatever the umask is."""
    before = os.umask(0)
    try:
        documents.put(A, b"body")
        other = DocumentStore(folder.parent / "other")
        other.put(A, b"body")
    finally:
        os.umask(before)
    for root in (folder, folder.parent / "other"):
        for path in (root, *root.rglob("*")):
            assert bits(path) == (0o700 if path.is_dir() else 0o600), path


def test_leftovers_of_a_killed_writer_are_cleaned_at_the_start(folder: Path) -> None:
    """A half-written document never shows and does not stay."""
    script = (
        "import os, signal, sys\n"
        "from pathlib import Path\n"
        "from store.documents import DocumentStore\n"
        "store = DocumentStore(Path(sys.argv[1]))\n"
        "os.fsync = lambda _: os.kill(os.getpid(), signal.SIGKILL)\n"
        "store.put(sys.argv[2], b'half')\n"
    )
    done = subprocess.run([sys.executable, "-c", script, folder, A], check=False)
    assert done.returncode == -signal.SIGKILL
    assert len(list((folder / ".new").iterdir())) == 1
    documents = DocumentStore(folder)
    assert list((folder / ".new").iterdir()) == []
    assert A not in documents
    documents.put(A, b"whole")


def test_another_writer_is_not_disturbed_by_a_start(folder: Path) -> None:
    """Cleaning waits until no other store is open on the folder."""
    first = DocumentStore(folder)
    (folder / ".new" / "being-written").write_bytes(b"x")
    second = DocumentStore(folder)
    assert (folder / ".new" / "being-written").exists()
    del first, second
    DocumentStore(folder)
    assert not (folder / ".new" / "being-written").exists()


def test_a_failing_disk_keeps_nothing_and_says_so(folder: Path, documents: DocumentStore) -> None:
    """An error of the file system becomes ours, and no half document shows."""
    (folder / A[:2]).write_text("a file where a folder should be")
    with pytest.raises(UnavailableError, match="cannot be kept"):
        documents.put(A, b"body")
    assert list((folder / ".new").iterdir()) == []


def test_many_writers_at_once_keep_every_document(documents: DocumentStore) -> None:
    """Threads that put the same and different documents do not disturb each other."""
    bodies = {sha256(bytes([n])).hexdigest(): bytes([n]) * 1000 for n in range(20)}
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda name: documents.put(name, bodies[name]), list(bodies) * 4))
    assert {name: documents.get(name) for name in documents} == bodies
