"""`pipeledger verify`: files, folders, and whole ledgers by their address."""

from __future__ import annotations

import os
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING
from zipfile import is_zipfile

from pipeledger.commands.common import parser_of, settings_of
from pipeledger.commands.trust import address_of, fetch_keys
from pipeledger.errors import ClientError, SpoolError, UsageError
from pipeledger.looking import at
from pipeledger.remote import LedgerReader, counter
from pipeledger.settings import names_host, with_scheme
from pipeledger.trusting import TrustStore, keep_fork
from pipeledger.verifier.evidence import MAX_FILE, Policy, Verdict, check_path
from pipeledger.verifier.folder import read_bounded
from pipeledger.verifier.key import fingerprint_of
from pipeledger.verifier.seen import ForkError
from pipeledger.verifier.standalone import add_options, judge, keyed_log
from pipeledger.verifier.standalone import settings_of as verifier_settings
from pipeledger.verifier.trust import TrustedLog, find_trust
from pipeledger.verifier.wire import (
    Checkpoint,
    UncheckedError,
    UnsoundError,
    VerifierError,
    read_object,
)

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterator, Sequence

    from pipeledger.settings import Settings
    from pipeledger.verifier.proof import Proof
    from pipeledger.verifier.seen import Consistency

_EPILOG = """\
Exit status: 0 sound, 1 not (the first bad position is named), 2 could not check.
An answer or export without --recompute is sound up to its rows: the last line is then
"rows: not recomputed ..." (--json: "rows": "not recomputed"), or of "tables". Scripts that rely
on the rows give --recompute.
The largest checkpoint that was verified of a ledger is remembered; less, or another history, is
refused from then on.

  pipeledger verify https://ledger.example           every entry of a ledger
  pipeledger verify https://ledger.example --save D  ... and keep it, to verify D offline
  pipeledger verify DIRECTORY                        a tiled log or an export, offline
  pipeledger verify entry.pipeledger.json            one entry with its proof and parts
  pipeledger verify receipt.json                     a receipt; its proof is asked for
  pipeledger verify answer.json --recompute          an answer, made again from its ledger
  pipeledger verify answer.json --recompute --from D ... from an export, offline
  pipeledger verify D --recompute                    an export of Parquet files, tables and all
  pipeledger verify PACK.zip --recompute             an evidence pack, every item judged again

--recompute, evidence packs and exports of Parquet files need DuckDB and Arrow:
pip install 'pipeledger[recompute]'
"""


def main(words: Sequence[str]) -> int:
    """Verify what the words name; the exit status."""
    parser = parser_of(
        "verify", "Check evidence of a ledger with this program's own code.", _EPILOG
    )
    parser.add_argument("evidence", metavar="FILE|DIRECTORY|URL")
    parser.add_argument("--ledger", default="", help="name of the ledger at the URL (default)")
    parser.add_argument("--save", type=Path, metavar="DIRECTORY", help="keep what was verified")
    parser.add_argument("--offline", action="store_true", help="ask no ledger for a proof")
    parser.add_argument(
        "--recompute", action="store_true", help="make an answer's rows or an export's tables again"
    )
    parser.add_argument(
        "--from",
        dest="pack",
        type=Path,
        metavar="EXPORT",
        help="... from an export or pack, offline",
    )
    parser.add_argument(
        "--definitions-from-pack",
        action="store_true",
        help="run the code of steps that this program has no implementation of; whoever made the "
        "definitions then runs code on this machine",
    )
    add_options(parser)
    options = parser.parse_args(list(words))
    settings = settings_of(options)

    def check() -> list[Verdict]:
        try:
            with ThreadPoolExecutor(os.cpu_count()) as workers:
                if options.evidence.startswith(("http://", "https://")):
                    if options.recompute or options.pack:
                        raise UsageError("--recompute: for an answer or an export, not a ledger")
                    return [_check_url(options, settings, workers)]
                return _check_path(options, settings, workers)
        except ClientError as error:
            raise UncheckedError(str(error)) from error
        except ForkError as error:
            raise UnsoundError(None, f"{error.cause}; {_kept(error, settings)}") from error

    return judge(check, as_json=options.json, name="pipeledger")


def _check_path(
    options: argparse.Namespace, settings: Settings, workers: ThreadPoolExecutor
) -> list[Verdict]:
    store = TrustStore(settings.config)
    logs = [keyed_log(options.key)] if options.key else store.logs()
    path = Path(options.evidence)
    if names_host(options.evidence) and not path.exists():
        meant = with_scheme(options.evidence)
        raise UncheckedError(
            f"{options.evidence}: there is no such file, and an address begins with its scheme",
            f"pipeledger verify {meant}",
        )
    policy = Policy(
        logs,
        replace(verifier_settings(options, logs, workers), progress=counter()),
        options.entry,
        older=options.older,
    )
    if not options.offline and not options.key:
        policy.prove, policy.consistency = _prover(settings), _consistency(settings)
    verdicts = _check(path, options, settings, policy)
    if policy.settings.progress is not None:
        sys.stderr.write("\r\x1b[K")
    for verdict in [] if options.key or options.without_signatures else verdicts:
        if verdict.follows:
            log = find_trust(logs, verdict.origin)
            _remember(store, log, verdict)
    return verdicts


def _check(
    path: Path, options: argparse.Namespace, settings: Settings, policy: Policy
) -> list[Verdict]:
    if (path / "entries.copy").is_file():
        raise UncheckedError(
            "this is a whole ledger, of export ledger; a server verifies it as it reads it in",
            "pipeledger-server import ledger --keys FILE DIR",
        )
    if options.recompute or options.pack or (path / "manifest.json").is_file() or _is_zip(path):
        return [_recompute(path, options, settings, policy)]
    return check_path(path, policy)


def _recompute(
    path: Path, options: argparse.Namespace, settings: Settings, policy: Policy
) -> Verdict:
    try:
        from pipeledger.recompute.archive import unpacked  # noqa: PLC0415 - not always installed
        from pipeledger.recompute.pack import Pack  # noqa: PLC0415 - as above
        from pipeledger.recompute.recompute import (  # noqa: PLC0415 - as above
            check_pack,
            recompute_answer,
        )
        from pipeledger.recompute.remote import Remote  # noqa: PLC0415 - as above
    except ImportError as error:
        raise UncheckedError(
            f"this needs {error.name}", "pip install 'pipeledger[recompute]'"
        ) from error
    foreign = options.definitions_from_pack
    with _undecided():
        if path.is_dir():
            return check_pack(path, policy, tables=options.recompute, foreign_steps=foreign)
        if _is_zip(path):
            with unpacked(path) as folder:
                return check_pack(
                    folder, policy, tables=options.recompute, foreign_steps=foreign, name=str(path)
                )
        raw = read_bounded(path, MAX_FILE)
        if options.pack and _is_zip(options.pack):
            with unpacked(options.pack) as folder:
                return recompute_answer(
                    raw, Pack(folder, name=str(options.pack)), policy, foreign_steps=foreign
                )
        pack = Pack(options.pack) if options.pack else None
        source = pack or Remote(_reader(raw, options, settings, policy))
        return recompute_answer(raw, source, policy, foreign_steps=foreign)


def _is_zip(path: Path) -> bool:
    return path.is_file() and is_zipfile(path)


def _reader(
    raw: bytes, options: argparse.Namespace, settings: Settings, policy: Policy
) -> LedgerReader:
    log = find_trust(policy.logs, str(at(read_object(raw, "answer"), "proof", "origin")))
    if options.offline or not log.url:
        raise UncheckedError("its entries are not at hand", "--from DIRECTORY with an export")
    return LedgerReader(log.url, log.ledger, settings)


@contextmanager
def _undecided() -> Iterator[None]:
    """Take whatever a library stumbles over for no verdict: it accuses nobody."""
    try:
        yield
    except (VerifierError, ClientError, OSError):
        raise
    except Exception as error:
        line = " ".join(str(error).split())[:200]
        raise UncheckedError(f"it cannot be made again: {type(error).__name__}: {line}") from error


def _prover(settings: Settings) -> Callable[[TrustedLog, int], Proof]:
    def prove(log: TrustedLog, position: int) -> Proof:
        if not log.url:
            raise UncheckedError(f"no address is known of {log.origin} to ask for the proof")
        return LedgerReader(log.url, log.ledger, settings).proof(position)

    return prove


def _consistency(settings: Settings) -> Consistency | None:
    def between(log: TrustedLog, old: int, new: int) -> Sequence[bytes]:
        if not log.url:
            raise UncheckedError(f"no address is known of {log.origin} to ask for a proof")
        try:
            return LedgerReader(log.url, log.ledger, settings).consistency(log, old, new)
        except (ClientError, UncheckedError) as error:
            steps = [getattr(error, "next_step", ""), "--offline checks the file by itself"]
            raise UncheckedError(str(error), " or ".join(filter(None, steps))) from error

    return between


def _check_url(
    options: argparse.Namespace, settings: Settings, workers: ThreadPoolExecutor
) -> Verdict:
    url, ledger = address_of(options.evidence, options.ledger, settings)
    store = TrustStore(settings.config)
    log = keyed_log(options.key) if options.key else store.of_address(url, ledger)
    if log is None:
        fingerprint = fingerprint_of(fetch_keys(url, ledger, settings))
        named = "" if ledger == "default" else f" --ledger {ledger}"
        raise UncheckedError(
            f"the keys of {url} are not trusted yet; it shows the fingerprint {fingerprint}",
            "compare that with one you got another way, then run: "
            f"pipeledger trust add {url} --fingerprint {fingerprint}{named}",
        )
    reader = LedgerReader(url, ledger, settings)
    verdict = reader.check(log, verifier_settings(options, [log], workers), save=options.save)
    if not options.key and verdict.facts["signatures"] and verdict.follows:
        _remember(store, log, verdict)
    return verdict


def _remember(store: TrustStore, log: TrustedLog, verdict: Verdict) -> None:
    """Bind what is verified later by this; a store that cannot be written makes nothing unsound."""
    seen = Checkpoint(verdict.origin, verdict.size, verdict.root, verdict.note)
    try:
        store.saw(log, seen, verdict.keys)
    except (OSError, SpoolError) as error:
        verdict.lines.append(f"not remembered: {error}")


def _kept(error: ForkError, settings: Settings) -> str:
    try:
        return f"both checkpoints are in {keep_fork(settings.config, error)}"
    except OSError as failure:
        return f"the two checkpoints could not be kept: {failure}"
