"""The verifier as one program of one file: no network, nothing but Python and `cryptography`.

    pipeledger-verify.py FILE|DIRECTORY --key VKEY --key VKEY
    pipeledger-verify.py FILE|DIRECTORY --trust trust.json

Exit status: 0 sound, 1 not, 2 could not check.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeledger.verifier.apart import processors
from pipeledger.verifier.evidence import Policy, Verdict, check_path
from pipeledger.verifier.folder import read_bounded
from pipeledger.verifier.key import MissingLibraryError
from pipeledger.verifier.lines import Settings
from pipeledger.verifier.note import MAX_NOTE, note_origin, open_checkpoint
from pipeledger.verifier.shown import plain, printable
from pipeledger.verifier.trust import TrustedLog, find_trust, read_trust, trusted_log
from pipeledger.verifier.wire import Checkpoint, UncheckedError, UnsoundError
from pipeledger.verifier.witness import MAX_POLICY, WitnessPolicy

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

SOUND, UNSOUND, UNCHECKED = 0, 1, 2
MAX_TRUST = 67_108_864


def add_options(parser: argparse.ArgumentParser) -> None:
    """Options that both programs have."""
    parser.add_argument(
        "--since",
        type=Path,
        metavar="CHECKPOINT",
        help="a checkpoint kept from earlier, which the log must still contain",
    )
    parser.add_argument(
        "--entry", type=Path, metavar="FILE", help="the entry's bytes, for a proof file"
    )
    parser.add_argument(
        "--key",
        action="append",
        default=[],
        metavar="VKEY",
        help="believe this key (the log's and the intake's are both needed)",
    )
    parser.add_argument(
        "--without-signatures",
        action="store_true",
        help="links and tree only: fast, and the verdict says so",
    )
    parser.add_argument(
        "--stream",
        action="append",
        default=[],
        metavar="NAME",
        help="of a whole log: how many events this stream has, which then are all",
    )
    parser.add_argument(
        "--older",
        action="store_true",
        help="a copy made earlier, which holds less than was seen since",
    )
    parser.add_argument(
        "--policy",
        type=Path,
        metavar="FILE",
        help="a trust policy (C2SP tlog-policy): logs, witnesses, and how many must have cosigned",
    )
    parser.add_argument("--json", action="store_true", help="the verdict as JSON")


def keyed_log(vkeys: Sequence[str]) -> TrustedLog:
    """The log of the keys that were given as options.

    Raises:
        UncheckedError: they are none; that accuses no evidence.
    """
    try:
        return trusted_log(vkeys)
    except UnsoundError as error:
        raise UncheckedError(f"--key: {error}") from error


def read_since(file: Path | None, logs: Sequence[TrustedLog]) -> tuple[Checkpoint, ...]:
    """The checkpoint of a file, which the log must contain.

    Raises:
        UncheckedError: it is none, or of no log that is trusted; that accuses no evidence.
        OSError: it cannot be read.
    """
    if file is None:
        return ()
    try:
        note = read_bounded(file, MAX_NOTE)
        log = find_trust(logs, note_origin(note))
        return (open_checkpoint(note, log.log_keys, log.origin),)
    except UnsoundError as error:
        raise UncheckedError(f"--since {file}: {error}") from error
    except UncheckedError as error:
        raise UncheckedError(f"--since {file}: {error.reason}", error.next_step) from error


def read_policy(file: Path | None) -> WitnessPolicy | None:
    """The policy of a file.

    Raises:
        UncheckedError: it is none.
    """
    if file is None:
        return None
    with file.open("rb") as stream:
        return WitnessPolicy(stream.read(MAX_POLICY + 1))


def settings_of(
    options: argparse.Namespace, logs: Sequence[TrustedLog], workers: ThreadPoolExecutor
) -> Settings:
    """How much is to be checked, as the options say and as was seen before."""
    return Settings(
        signatures=not options.without_signatures,
        known=read_since(options.since, logs),
        workers=workers,
        streams=tuple(options.stream),
        witnesses=read_policy(options.policy),
        processes=processors(),
    )


def judge(check: Callable[[], Sequence[Verdict]], *, as_json: bool, name: str) -> int:
    """Run a check, say what came of it, and give the exit status."""
    # Entries hold no cycles, and looking for some in millions of them costs a third of the time.
    gc.disable()
    try:
        verdicts = check()
    except UnsoundError as error:
        return _say_no(
            "unsound",
            UNSOUND,
            str(error),
            as_json=as_json,
            name=name,
            more={"position": error.position, "cause": error.cause},
        )
    except UncheckedError as error:
        said = f"{error.reason}; next: {error.next_step}" if error.next_step else error.reason
        return _say_no(
            "unchecked",
            UNCHECKED,
            said,
            as_json=as_json,
            name=name,
            more={"reason": error.reason, "next": error.next_step},
        )
    except MissingLibraryError as error:
        return _say_no("unchecked", UNCHECKED, str(error), as_json=as_json, name=name, more={})
    except OSError as error:
        said = f"{error.filename or 'file'}: {error.strerror or error}"
        return _say_no("unchecked", UNCHECKED, said, as_json=as_json, name=name, more={})
    finally:
        gc.enable()
    if as_json:
        _out(json.dumps({"verdict": "sound", "evidence": [_object(one) for one in verdicts]}))
        return SOUND
    for verdict in verdicts:
        _out(f"sound: {verdict.what} of {verdict.origin}")
        for line in verdict.lines:
            _out(f"  {line}")
        _out(f"  checkpoint: size {verdict.size}, root {verdict.root.hex()}")
        if verdict.rest:
            _out(f"  {verdict.rest}")
    return SOUND


def main(arguments: Sequence[str] | None = None) -> int:
    """Verify what the arguments name; the exit status."""
    parser = argparse.ArgumentParser(
        prog="pipeledger-verify.py",
        description="Verify evidence of a Pipeledger ledger, offline.",
        epilog="Exit status: 0 sound, 1 not, 2 could not check.",
    )
    parser.add_argument("evidence", type=Path, metavar="FILE|DIRECTORY")
    parser.add_argument(
        "--trust", type=Path, metavar="FILE", help="trust store written by `pipeledger trust add`"
    )
    add_options(parser)
    options = parser.parse_args(arguments)

    def check() -> list[Verdict]:
        logs = read_trust(read_bounded(options.trust, MAX_TRUST)) if options.trust else []
        if options.key:
            logs = [keyed_log(options.key)]
        if not logs:
            raise UncheckedError(
                "no key is trusted", "--key VKEY for the log key and the intake key"
            )
        with ThreadPoolExecutor(os.cpu_count()) as workers:
            policy = Policy(
                logs, settings_of(options, logs, workers), options.entry, older=options.older
            )
            return check_path(options.evidence, policy)

    return judge(check, as_json=options.json, name="pipeledger-verify.py")


def _say_no(
    verdict: str, status: int, said: str, *, as_json: bool, name: str, more: dict[str, Any]
) -> int:
    if as_json:
        _out(
            json.dumps(
                {"verdict": verdict, **more} if more else {"verdict": verdict, "reason": said}
            )
        )
    else:
        word = "NOT SOUND" if status == UNSOUND else "could not check"
        sys.stderr.write(f"{name}: {word}: {plain(said)}\n")
    return status


def _out(line: str) -> None:
    sys.stdout.write(printable(line) + "\n")


def _object(verdict: Verdict) -> dict[str, Any]:
    return {
        "what": verdict.what,
        "origin": verdict.origin,
        "size": verdict.size,
        "root": verdict.root.hex(),
        "notes": verdict.lines,
        **verdict.facts,
    }


if __name__ == "__main__":
    sys.exit(main())
