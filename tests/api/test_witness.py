"""A witness over HTTP: every row of the specification's table, races, crashes, forks."""

from __future__ import annotations

import asyncio
import contextlib
import os
import stat
import subprocess
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

import store.witness
from api.witness.app import Logs, make_witness
from api.witness.calling import ForkSeenError, UnknownLogError
from domain.errors import PipeledgerError, SettingError, UnavailableError
from domain.log.checkpoint import Checkpoint, open_checkpoint, sign_checkpoint
from domain.log.cosignature import cosignatures_of, with_lines
from domain.log.key import SigningKey
from domain.log.note import parse_note
from domain.log.wire import write_base64
from domain.log.witness import (
    MAX_SUBMISSION,
    StaleError,
    Submission,
    origin_digest,
)
from store.files import write_file
from store.witness import WitnessState
from tests.house.running import first_lines
from tests.serving import BIN, PLAIN
from tests.witnessing import Log, Witness, make, witnessing

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from starlette.types import Message

LOG = Log()
OTHER = SigningKey(LOG.origin, bytes([99]) * 32)


@pytest.fixture
def witness(tmp_path: Path) -> Iterator[Witness]:
    """A witness that knows the log, and cosigned its tree of 5."""
    with witnessing(tmp_path, LOG.key.verifier.vkey()) as made:
        made.client().add(LOG.submission(0, 5))
        yield made


def post(witness: Witness, body: bytes) -> httpx.Response:
    """What it answers."""
    return httpx.post(f"{witness.url}/add-checkpoint", content=body, verify=PLAIN)


def stands(witness: Witness) -> int:
    """The size that it shows."""
    answer = httpx.get(f"{witness.url}/{origin_digest(LOG.origin)}/checkpoint", verify=PLAIN)
    return open_checkpoint(answer.content, [LOG.key.verifier], LOG.origin).size


def swapped(old: int, note: bytes, proof: list[bytes] | None = None) -> bytes:
    """A request of these pieces, whether they belong together or not."""
    return Submission(old, tuple(proof or ()), note).encode()


def test_a_tree_that_grew_on_is_cosigned_and_shown(witness: Witness) -> None:
    """200 with the cosignature's line; the checkpoint then bears log's and witness's signatures."""
    answer = post(witness, LOG.submission(5, 9).encode())
    assert answer.status_code == 200
    _, (line,) = parse_note(LOG.note(9).partition(b"\n\n")[0] + b"\n\n" + answer.content)
    assert line.name == witness.state.signer.verifier.name
    shown = httpx.get(f"{witness.url}/{origin_digest(LOG.origin)}/checkpoint", verify=PLAIN)
    assert shown.headers["content-type"] == "text/plain; charset=utf-8"
    assert open_checkpoint(shown.content, [LOG.key.verifier], LOG.origin).size == 9
    assert len(cosignatures_of(shown.content, [witness.state.signer.verifier])) == 1


def test_the_same_tree_again_is_cosigned_again(witness: Witness) -> None:
    """As after an answer that was lost."""
    assert post(witness, LOG.submission(5, 5).encode()).status_code == 200
    assert stands(witness) == 5


def test_a_log_that_is_not_known_is_404(witness: Witness) -> None:
    """Its checkpoint is not shown either."""
    stranger = Log("log.example/stranger")
    assert post(witness, stranger.submission(0, 1).encode()).status_code == 404
    names = ("0" * 64, "..%2fwitness.key", "%00", "0" * 300, "witness.key")
    for name in (origin_digest(stranger.origin), *names):
        assert httpx.get(f"{witness.url}/{name}/checkpoint", verify=PLAIN).status_code == 404
    with pytest.raises(UnknownLogError):
        witness.client().add(stranger.submission(0, 1))


@pytest.mark.parametrize("how", ["another key", "a line that does not verify"])
def test_a_checkpoint_that_no_trusted_key_signed_is_403(witness: Witness, how: str) -> None:
    """Whatever else is wrong with it."""
    checkpoint = Checkpoint(LOG.origin, 9, bytes(32))
    note = sign_checkpoint(checkpoint, [OTHER])
    if how == "a line that does not verify":
        note = note.partition(b"\n\n")[0] + b"\n\n" + LOG.note(8).partition(b"\n\n")[2]
    assert post(witness, swapped(77, note)).status_code == 403
    assert stands(witness) == 5


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"old 5\n",
        LOG.submission(5, 9).encode().replace(b"old 5", b"old 05"),
        LOG.submission(5, 9).encode().replace(b"old 5", b"old +5"),
        LOG.submission(5, 9).encode().replace(b"old 5", b"Old 5"),
        LOG.submission(5, 9).encode().replace(b"\n", b"\r\n"),
        LOG.submission(5, 9).encode()[:-1],
        swapped(5, LOG.note(9), [b"\0" * 31]),
        swapped(5, LOG.note(9), [b"\0" * 32] * 64),
        LOG.submission(5, 9).encode() + b"junk\n",
        swapped(10, LOG.note(9)),
        b"\xff" + LOG.submission(5, 9).encode(),
    ],
    ids=[
        "nothing", "no checkpoint", "leading zero", "a sign", "upper case", "CRLF", "cut off",
        "31 bytes", "64 hashes", "junk below", "old larger than the checkpoint", "not ASCII",
    ],
)  # fmt: skip
def test_what_is_malformed_is_400(witness: Witness, body: bytes) -> None:
    """And changes nothing."""
    assert post(witness, body).status_code == 400
    assert stands(witness) == 5


def test_another_old_size_is_409_with_the_size_that_stands(witness: Witness) -> None:
    """Zero is how a newcomer asks for it; an older checkpoint replayed is answered so, too."""
    for old, new in ((0, 9), (3, 9), (9, 9), (3, 3)):
        answer = post(witness, LOG.submission(old, new).encode())
        assert (answer.status_code, answer.content) == (409, b"5\n")
        assert answer.headers["content-type"] == "text/x.tlog.size"
    with pytest.raises(StaleError) as caught:
        witness.client().add(LOG.submission(0, 9))
    assert caught.value.size == 5
    assert stands(witness) == 5


def test_a_first_checkpoint_is_answered_with_zero_for_another_old(tmp_path: Path) -> None:
    """Nothing was cosigned, so zero is what stands; nothing is shown."""
    with witnessing(tmp_path, LOG.key.verifier.vkey()) as witness:
        assert post(witness, LOG.submission(3, 5).encode()).content == b"0\n"
        assert httpx.get(
            f"{witness.url}/{origin_digest(LOG.origin)}/checkpoint", verify=PLAIN,
        ).status_code == 404  # fmt: skip
        # With nothing before it, a proof has nothing to begin from.
        assert post(witness, swapped(0, LOG.note(5), [bytes(32)])).status_code == 422
        text = f"{LOG.origin}\n0\n{write_base64(bytes(32))}\n"
        line = f"\n\u2014 {LOG.origin} ".encode()
        signed = write_base64(LOG.key.hash + LOG.key.sign(text.encode())).encode()
        assert post(witness, swapped(0, text.encode() + line + signed + b"\n")).status_code == 422


def test_a_proof_that_does_not_hold_is_422(witness: Witness) -> None:
    """Another history of more entries; no proof; a proof of other sizes."""
    for body in (
        LOG.submission(5, 9, branch=1).encode(),
        swapped(5, LOG.note(9)),
        swapped(5, LOG.note(9), LOG.proof(5, 8)),
        swapped(5, LOG.note(5), [bytes(32)]),
    ):
        assert post(witness, body).status_code == 422
    assert stands(witness) == 5


def test_a_fork_is_422_and_both_notes_are_kept(witness: Witness) -> None:
    """The state is unchanged; whoever asks sees the two checkpoints, each signed by the log."""
    forked = LOG.submission(5, 5, branch=1)
    for _ in range(3):
        assert post(witness, forked.encode()).status_code == 422
    assert stands(witness) == 5
    (found,) = httpx.get(f"{witness.url}/{origin_digest(LOG.origin)}/evidence", verify=PLAIN).json()
    assert (found["origin"], found["fork"]) == (LOG.origin, True)
    notes = [found["cosigned"].encode(), found["offered"].encode()]
    told = [open_checkpoint(note, [LOG.key.verifier], LOG.origin) for note in notes]
    assert told[0].size == told[1].size == 5
    assert told[0].root != told[1].root
    assert "forks 1 unproved 0" in httpx.get(witness.url, verify=PLAIN).text
    with pytest.raises(ForkSeenError, match="fork"):
        witness.client().add(forked)


def test_evidence_fills_no_disk(witness: Witness, monkeypatch: pytest.MonkeyPatch) -> None:
    """So much of one log and no more, however many histories it signs."""
    monkeypatch.setattr(store.witness, "KEPT", 3)
    for branch in range(1, 6):
        post(witness, LOG.submission(5, 6, branch=branch).encode())
    assert len(witness.state.evidence.of(LOG.origin)) == 3
    assert "forks 0 unproved 3" in httpx.get(witness.url, verify=PLAIN).text
    # Nor does what is not proved, which anybody can send, take the place of a fork.
    for branch in range(1, 6):
        post(witness, LOG.submission(5, 5, branch=branch).encode())
    assert "forks 3 unproved 3" in httpx.get(witness.url, verify=PLAIN).text


def test_lines_that_anybody_can_add_make_no_evidence_of_their_own(witness: Witness) -> None:
    """One checkpoint of the log is one piece of evidence, kept with what the log signed."""
    note = LOG.note(9)
    for byte in range(4):
        junk = sign_checkpoint(Checkpoint(OTHER.name, 9, bytes([byte]) * 32), [OTHER])
        line = junk.partition(b"\n\n")[2]
        assert post(witness, swapped(5, note + line)).status_code == 422
    assert post(witness, swapped(5, note + note.partition(b"\n\n")[2])).status_code == 422
    (found,) = witness.state.evidence.of(LOG.origin)
    assert found.offered.encode() == note


def test_who_goes_away_is_no_error_of_the_witness(tmp_path: Path) -> None:
    """Half a request is none."""
    made = make(tmp_path)
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        sent.append(message)

    app = make_witness(made.state, Logs(made.logs_file))
    scope = {"type": "http", "method": "POST", "path": "/add-checkpoint", "headers": []}
    asyncio.run(app(scope, receive, send))
    assert sent[0]["status"] == 400


def test_a_request_that_is_too_long_is_413(witness: Witness) -> None:
    """It is not read to its end."""
    assert post(witness, b"old 5\n" + b"x" * MAX_SUBMISSION).status_code == 413


def test_of_submissions_over_one_tree_one_is_cosigned(witness: Witness) -> None:
    """The others get 409 with a size that was cosigned; nothing is rolled back."""
    with ThreadPoolExecutor(8) as pool:
        answers = list(
            pool.map(lambda size: post(witness, LOG.submission(5, size).encode()), range(6, 22))
        )
    assert sorted(one.status_code for one in answers) == [200] + [409] * 15
    won = next(size for size, one in zip(range(6, 22), answers, strict=True) if not one.is_error)
    assert {one.content for one in answers if one.is_error} == {b"%d\n" % won}
    assert stands(witness) == won


def test_states_on_one_folder_exclude_each_other(tmp_path: Path) -> None:
    """As two processes would: exactly one of two submissions passes, again and again."""
    states = [WitnessState(tmp_path, "w", os.urandom, lambda: 1) for _ in range(2)]
    keys = [LOG.key.verifier]
    states[0].add(LOG.submission(0, 1), keys)
    for size in range(1, 20):
        done: list[bool] = []

        def add(state: WitnessState, size: int = size, done: list[bool] = done) -> None:
            try:
                state.add(LOG.submission(size, size + 1), keys)
            except StaleError:
                done.append(False)
            else:
                done.append(True)

        threads = [threading.Thread(target=add, args=(state,)) for state in states]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(done) == [False, True]


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_crash_around_the_write_answers_nobody_and_rolls_nothing_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    """Before: the old tree stands. After: the new one does, and the sender learns so by 409."""
    keys = [LOG.key.verifier]
    state = WitnessState(tmp_path, "w", os.urandom, lambda: 1)
    state.add(LOG.submission(0, 5), keys)
    write = write_file

    def die(path: Path, content: bytes) -> None:
        if when == "after":
            write(path, content)
        raise KeyboardInterrupt

    monkeypatch.setattr(store.witness, "write_file", die)
    with pytest.raises(KeyboardInterrupt):
        state.add(LOG.submission(5, 9), keys)
    monkeypatch.undo()
    again = WitnessState(tmp_path, None, os.urandom, lambda: 2)
    if when == "before":
        again.add(LOG.submission(5, 9), keys)
    else:
        with pytest.raises(StaleError) as caught:
            again.add(LOG.submission(5, 9), keys)
        assert caught.value.size == 9
        again.add(LOG.submission(9, 9), keys)


def test_the_key_is_made_once_and_private(tmp_path: Path) -> None:
    """Mode 0600; another name is refused, and a first start without one."""
    with pytest.raises(SettingError, match="--name"):
        WitnessState(tmp_path, None, os.urandom, lambda: 1)
    first = WitnessState(tmp_path, "w", os.urandom, lambda: 1)
    assert stat.S_IMODE((tmp_path / "witness.key").stat().st_mode) == 0o600
    assert WitnessState(tmp_path, None, os.urandom, lambda: 1).signer.seed == first.signer.seed
    with pytest.raises(SettingError, match="is named w, not v"):
        WitnessState(tmp_path, "v", os.urandom, lambda: 1)


def test_a_witness_that_answers_something_else_is_away(witness: Witness) -> None:
    """Another key's line, no line, no checkpoint: never taken for a cosignature."""
    with witnessing(witness.folder / "impostor", LOG.key.verifier.vkey()) as impostor:
        address = impostor.url
        impostor.url = witness.url
        client = witness.client()
        client.address = type(client.address).of(client.address.key, address)
        with pytest.raises(UnavailableError, match="cosignature"):
            client.add(LOG.submission(0, 1))
        with pytest.raises(UnavailableError, match="no checkpoint that it cosigned"):
            client.latest(LOG.origin)


def test_lines_of_others_are_not_kept(witness: Witness) -> None:
    """What it shows it verified."""
    junk = witness.state.signer.cosign("another\n", 3)
    foreign = type(junk)("somebody", b"abcd", b"whatever")
    note = with_lines(LOG.note(9), [foreign])
    assert post(witness, swapped(5, note, LOG.proof(5, 9))).status_code == 200
    assert b"somebody" not in (witness.state.latest(LOG.origin) or b"")


@given(st.binary(max_size=400) | st.sampled_from([b"old 0", b"old 5"]).flatmap(
    lambda head: st.binary(max_size=200).map(lambda rest: head + b"\n\n" + rest)
))  # fmt: skip
def test_any_bytes_are_a_submission_or_refused(raw: bytes) -> None:
    """No exception but our own."""
    with contextlib.suppress(PipeledgerError):
        Submission.parse(raw)


@pytest.mark.long
def test_the_command_serves_survives_a_kill_and_names_what_is_wrong(tmp_path: Path) -> None:
    """Its first start prints the key; after SIGKILL the same tree stands."""
    logs = tmp_path / "logs"
    logs.write_text("quorum none\n")
    command = [
        str(BIN / "pipeledger-server"), "witness", "serve", "--state", str(tmp_path / "state"),
        "--logs", str(logs), "--name", "witness.example/w", "--port", "0",
    ]  # fmt: skip
    body = LOG.submission(0, 5).encode()
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline().startswith("witness witness.example/w+")
        url = process.stdout.readline().split()[-1]
        logs.write_text(f"log {LOG.key.verifier.vkey()}\nquorum none\n")
        assert httpx.post(f"{url}/add-checkpoint", content=body, verify=PLAIN).status_code == 200
        process.kill()
    with first_lines(command, cwd=tmp_path, settings={}) as printed:
        url = printed.word(r"listening on (\S+)")
        assert httpx.post(f"{url}/add-checkpoint", content=body, verify=PLAIN).content == b"5\n"
    logs.write_text("nonsense\n")
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "policy line 1" in done.stderr
