"""The verifier as a program: what its options do, what it says, and its exit status."""

from __future__ import annotations

import gc
import json
from typing import TYPE_CHECKING, Final, TypeAlias

import pytest

from pipeledger.verifier.key import MissingLibraryError
from pipeledger.verifier.standalone import MAX_TRUST, judge, main, read_policy, read_since
from pipeledger.verifier.trust import trusted_log
from pipeledger.verifier.wire import Checkpoint, UncheckedError, UnsoundError
from tests.client.writer import ORIGIN, Key, Writer, ledger_of, root

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from pipeledger.verifier.evidence import Verdict

SIZE: Final = 9
WRITER: Final = ledger_of(SIZE)
LOG: Final = trusted_log(WRITER.vkeys)
ROOT: Final = root(WRITER.leaves)
KEYS: Final = [word for vkey in WRITER.vkeys for word in ("--key", vkey)]
STREAM: Final = "deployment/0.1"
NAME: Final = "pipeledger-verify.py"
Said = tuple[int, str, str]
Run: TypeAlias = "Callable[..., Said]"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An export, and beside it what may be kept from earlier."""
    for size in (5, 12):
        (tmp_path / f"at {size}").write_bytes(ledger_of(size).checkpoint())
    (tmp_path / "policy").write_text("quorum none\n")
    (tmp_path / "proof").write_bytes(WRITER.proof(2))
    (tmp_path / "entry").write_bytes(WRITER.entries[1].raw)
    seen = {"size": 12, "root": root(ledger_of(12).leaves).hex()}
    store = {"v": 1, "ledgers": [{"keys": WRITER.vkeys, "seen": seen}]}
    (tmp_path / "trust").write_text(json.dumps(store))
    WRITER.export(tmp_path / "log")
    return tmp_path


@pytest.fixture
def run(folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs the program in that folder; gives its status, and what it said."""
    monkeypatch.chdir(folder)

    def once(*words: str) -> Said:
        status = main([*words])
        return status, *capsys.readouterr()

    return once


def test_a_sound_log_is_told_line_by_line(run: Run) -> None:
    """With status 0; or as JSON, for machines."""
    lines = [
        f"sound: entries of {ORIGIN}",
        "  positions 1 to 9: every entry checked (links, signatures, numbers, tree)",
        "  13 parts not here, redacted or withheld: 1 event",
        "  no witness was asked: --policy FILE names those that are believed",
        f"  checkpoint: size 9, root {ROOT.hex()}",
    ]
    assert run("log", *KEYS) == (0, "\n".join([*lines[:2], *lines[3:], ""]), "")
    status, out, err = run("log", "--json", *KEYS)
    assert (status, err) == (0, "")
    assert json.loads(out) == {
        "verdict": "sound",
        "evidence": [{
            "what": "entries", "origin": ORIGIN, "size": 9, "root": ROOT.hex(), "first": 1,
            "last": 9, "signatures": True, "absent": 0, "notes": [lines[1][2:], lines[3][2:]],
        }],
    }  # fmt: skip


def test_what_may_be_altered_all_the_same_is_said_last(folder: Path, run: Run) -> None:
    """Of an answer its rows."""
    proof = {
        "format": "pipeledger/answer/v1", "origin": ORIGIN, "position": SIZE, "root": ROOT.hex(),
        "checkpoint": WRITER.checkpoint().decode(),
    }  # fmt: skip
    (folder / "answer").write_text(json.dumps({"tables": {}, "proof": proof}))
    status, out, _ = run("answer", *KEYS)
    assert status == 0
    assert out.splitlines()[-2:] == [
        f"  checkpoint: size 9, root {ROOT.hex()}",
        "  rows: not recomputed; they may be altered: pipeledger verify --recompute",
    ]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["log", *KEYS, "--since", "at 5"], "every entry checked (links, signatures, numbers"),
        (["log", *KEYS, "--without-signatures"], "every entry checked (links and tree only)"),
        (["log", *KEYS, "--policy", "policy"], "the policy asks for no witness"),
        (["log", *KEYS, "--stream", STREAM, "--stream", "x"], f"{STREAM}: 3 events, which are all"),
        (["log", *KEYS, "--stream", STREAM, "--stream", "x"], "x: 0 events, which are all among 9"),
        (["log", "--trust", "trust", "--older"], "older than what was seen before: 12 entries"),
        (["log", "--trust", "trust", *KEYS], "every entry checked (links, signatures, numbers"),
        (["proof", *KEYS, "--entry", "entry"], f"sound: entry of {ORIGIN}"),
    ],
)
def test_each_option_is_heard(run: Run, words: list[str], said: str) -> None:
    """Keys that are given count for more than a store that was written."""
    status, out, err = run(*words)
    assert (status, err) == (0, "")
    assert said in out


@pytest.mark.parametrize(
    ("words", "status", "position", "said"),
    [
        (["log", *KEYS, "--since", "at 12"], 1, 10, "missing: 12 entries were seen here before"),
        (["log", *KEYS, "--since", "at 12", "--older"], 1, 10, "missing: 12 entries were seen"),
        (["log", "--trust", "trust"], 1, 10, "missing: 12 entries were seen here before; --older"),
        (["log"], 2, None, "no key is trusted; next: --key VKEY for the log key and the intake"),
        (
            ["log", *KEYS[:2]],
            2,
            None,
            "--key: keys: expected the log key and the intake key of one",
        ),
        (["log", "--key", "foo"], 2, None, "--key: key foo: not an Ed25519 key"),
        (["log", *KEYS, "--since", "entry"], 2, None, "--since entry: checkpoint: "),
        (["proof", *KEYS], 2, None, "a proof says nothing without the entry it is of; next: --en"),
        (["nowhere", *KEYS], 2, None, "nothing that this verifier knows"),
        (["log", *KEYS, "--since", "nowhere"], 2, None, "nowhere: No such file or directory"),
    ],
)
def test_what_is_not_sound_has_status_1_and_what_cannot_be_checked_2(
    folder: Path,
    run: Run,
    words: list[str],
    status: int,
    position: int | None,
    said: str,
) -> None:
    """In one line, or as JSON; nothing is on the other stream."""
    if words[0] == "nowhere":
        (folder / "nowhere").write_bytes(b"words")
    told, out, err = run(*words)
    word = "NOT SOUND" if status == 1 else "could not check"
    where = "" if position is None else f"position {position}: "
    assert (told, out) == (status, "")
    assert err.startswith(f"{NAME}: {word}: {where}{said}")
    assert err.count("\n") == 1
    told, out, err = run(*words, "--json")
    assert (told, err) == (status, "")
    fields = json.loads(out)
    assert fields.pop("verdict") == ("unsound" if status == 1 else "unchecked")
    if status == 1:
        assert (fields["position"], [*fields]) == (position, ["position", "cause"])
    assert said.startswith(fields.get("cause", fields.get("reason"))[:25])
    assert fields.get("next", "") in said or said.endswith(("intake", "--en"))


def test_what_a_check_raises_is_said_in_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    """Whatever line feeds are in it; of a file that cannot be read, its name and why."""

    def saying(error: Exception, *, as_json: bool = False) -> Said:
        def check() -> Sequence[Verdict]:
            raise error

        return judge(check, as_json=as_json, name="name"), *capsys.readouterr()

    assert saying(UnsoundError(3, "a\n  b")) == (1, "", "name: NOT SOUND: position 3: a b\n")
    assert saying(UncheckedError("a", "b")) == (2, "", "name: could not check: a; next: b\n")
    assert saying(UncheckedError("a")) == (2, "", "name: could not check: a\n")
    assert saying(MissingLibraryError("a")) == (2, "", "name: could not check: a\n")
    assert saying(OSError(5, "a", "b")) == (2, "", "name: could not check: b: a\n")
    assert saying(OSError(5, "a", "\x1b[2K\rsound\ud800")) == (
        2, "", "name: could not check: ?[2K sound?: a\n"
    )  # fmt: skip
    assert saying(OSError("a")) == (2, "", "name: could not check: file: a\n")
    for error, fields in (
        (UnsoundError(None, "a"), {"verdict": "unsound", "position": None, "cause": "a"}),
        (UncheckedError("a", "b"), {"verdict": "unchecked", "reason": "a", "next": "b"}),
        (MissingLibraryError("a"), {"verdict": "unchecked", "reason": "a"}),
        (OSError(5, "a", "b"), {"verdict": "unchecked", "reason": "b: a"}),
    ):
        status, out, err = saying(error, as_json=True)
        assert (status, json.loads(out), err) == (1 + (fields["verdict"] != "unsound"), fields, "")


def test_nothing_looks_for_cycles_while_a_check_runs(capsys: pytest.CaptureFixture[str]) -> None:
    """It does again afterwards, also where the check failed."""
    enabled: list[bool] = []

    def check() -> Sequence[Verdict]:
        enabled.append(gc.isenabled())
        if len(enabled) > 1:
            raise UncheckedError("a")
        return []

    assert gc.isenabled()
    assert judge(check, as_json=False, name="name") == 0
    assert gc.isenabled()
    assert judge(check, as_json=False, name="name") == 2
    assert gc.isenabled()
    assert enabled == [False, False]
    assert capsys.readouterr().out == ""


def test_a_checkpoint_that_was_kept_is_one_of_a_trusted_log(folder: Path) -> None:
    """Signed by it; without a file none is asked for."""
    assert read_since(None, []) == ()
    known = Checkpoint(ORIGIN, 5, root(WRITER.leaves[:5]))
    assert read_since(folder / "at 5", [LOG]) == (known,)
    with pytest.raises(UncheckedError, match="no key is trusted for the ledger"):
        read_since(folder / "at 5", [])
    other = Writer()
    other.entries = WRITER.entries
    other.log = Key(ORIGIN, b"\x05" * 32)
    (folder / "other").write_bytes(other.checkpoint())
    with pytest.raises(UncheckedError, match="not signed by a trusted key of the log"):
        read_since(folder / "other", [LOG])


def test_a_policy_s_file_is_read_to_its_limit(folder: Path) -> None:
    """A million bytes; one more is not cut off, but refused."""
    assert read_policy(None) is None
    text = b"quorum none\n#" + b"x" * (1_000_000 - 14) + b"\n"
    (folder / "large").write_bytes(text)
    assert read_policy(folder / "large") is not None
    (folder / "large").write_bytes(text + b"\n")
    with pytest.raises(UncheckedError, match="policy: too long"):
        read_policy(folder / "large")


def test_a_trust_store_has_a_limit(run: Run) -> None:
    """64 MiB; what is none is told."""
    assert MAX_TRUST == 64 * 1024**2
    status, _, err = run("log", "--trust", "policy")
    assert status == 2
    assert "could not check: the trust store cannot be read" in err


def test_the_command_line_is_told_where_it_is_asked_for(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """By what the program was started with."""
    for words, status in ((["--help"], 0), ([], 2)):
        with pytest.raises(SystemExit) as ended:
            main(words)
        assert ended.value.code == status
    out, err = capsys.readouterr()
    assert "usage: pipeledger-verify.py" in out
    assert "the following arguments are required: FILE|DIRECTORY" in err
