"""Other people's verifiers accept a log of 70,000 entries, and refuse whatever was altered."""

from __future__ import annotations

import asyncio
import functools
import http.server
import os
import shutil
import subprocess
import threading
from base64 import b64decode, b64encode
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Final

import pytest

from api.app import make_app
from api.granting import Granting
from api.host import Host, Settings, now
from domain.errors import DamageError
from domain.log.cosignature import WitnessSigner, cosignatures_of, parse_witness_vkey
from domain.log.key import SigningKey
from domain.log.note import parse_note
from domain.log.wire import write_base64
from pipeledger.verifier.evidence import Policy, check_path
from pipeledger.verifier.lines import Settings as VerifierSettings
from pipeledger.verifier.trust import trusted_log
from store.ledger.ledger import SERVER
from tests.api.asking import ask
from tests.tools.alterations import ALTERED, BOTH, ORIGIN, OTHER, PROOFS, flipped
from tests.tools.environments import HERE, prepare
from tests.tools.verifiers import (
    MOST,
    ROOT,
    SIZES,
    Log,
    Verifiers,
    commands,
    copied,
    cosigned,
    go_environment,
    made,
    ready,
    replace,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from api.served import Served

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def verifiers(tmp_path_factory: pytest.TempPathFactory) -> Verifiers:
    """Go's packages, tlog-scales, sigstore."""
    return ready(tmp_path_factory.mktemp("verifiers"))


@pytest.fixture(scope="module")
def here(reachable: Path) -> Iterator[Served]:
    """The ledger that the log is of."""
    with Host(Settings(reachable / "independent" / "data")) as host:
        host.create("independent", ORIGIN)
        one = host.open("independent")
        yield one
        one.close()


@pytest.fixture(scope="module")
def log(here: Served, tmp_path_factory: pytest.TempPathFactory, verifiers: Verifiers) -> Log:
    """The log; each export on the way was accepted by both readers of tiles."""
    return made(here.ledger, tmp_path_factory.mktemp("log"), verifiers)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("who", BOTH)
def test_every_checkpoint_that_was_published_is_accepted_over_the_newest_tree(
    verifiers: Verifiers, log: Log, tmp_path: Path, who: str, size: int
) -> None:
    """Partial tiles of then have become full ones, and readers take the first elements."""
    folder = copied(log.folder, tmp_path / "log")
    replace(folder / "checkpoint", log.notes[size])
    judged = verifiers.tiles(who, folder, log.key)
    assert judged.accepted, judged.said


def test_the_client_accepts_it_too(log: Log, here: Served) -> None:
    """With signatures, links and numbers, which the others do not look at."""
    with ThreadPoolExecutor() as workers:
        settings = VerifierSettings(workers=workers)
        (verdict,) = check_path(log.folder, Policy([trusted_log(here.ledger.vkeys)], settings))
    assert str(MOST) in str(verdict).replace(",", "")


def test_every_file_is_what_http_answers(log: Log, here: Served) -> None:
    """Checkpoint, bundles, tiles of all levels, partial ones of trees before."""
    token = Granting(here, SERVER, now(), os.urandom).token("operator", "olga")
    files = {
        str(one.relative_to(log.folder)): one.read_bytes()
        for one in log.folder.rglob("*")
        if one.is_file() and one.name != "key.vkey"
    }
    app = make_app({"independent": here}, os.urandom, now)
    names = tuple(name for name in files if name != "checkpoint")
    answers = asyncio.run(ask(app, "http://ledger.example/v1/independent", token, names))
    # 274 tiles and as many bundles, three above them, two of the tree of 65,537.
    assert len(names) == 2 * 274 + 3 + 2
    for name, answer in answers.items():
        assert answer.content == files[name], name
    # The token is an event, so the checkpoint has gone on; what it covers has not changed.
    assert here.ledger.published.size == MOST + 1


@pytest.mark.parametrize("who", ["go", "sigstore"])
def test_proof_files_are_accepted(verifiers: Verifiers, log: Log, who: str) -> None:
    """At the ends, at tiles' edges, in the middle."""
    judged = verifiers.proofs(who, log.proofs, log.key)
    assert judged.accepted, judged.said


def test_proof_files_are_byte_for_byte_those_of_another_maker(
    verifiers: Verifiers, log: Log
) -> None:
    """What tlog-scales makes of the folder alone is what the server answers."""
    program = verifiers.scales.parent / "tlog-tiles"
    for file in sorted(log.proofs.glob("*.tlog-proof")):
        done = subprocess.run(
            [program, "gen-proof", log.folder, str(int(file.stem) - 1)],
            capture_output=True, check=True,
        )  # fmt: skip
        assert done.stdout == file.read_bytes()


def test_consistency_is_accepted_from_every_size_and_refused_when_altered(
    verifiers: Verifiers, log: Log, tmp_path: Path
) -> None:
    """Hashes as `log/consistency` gives them; each one altered, left out, doubled."""
    old, new, hashes = tmp_path / "old", tmp_path / "new", tmp_path / "hashes"
    new.write_bytes(log.notes[MOST])

    def judge(path: list[bytes]) -> bool:
        hashes.write_text("".join(f"{write_base64(one)}\n" for one in path))
        return verifiers.grown(old, new, hashes, log.key).accepted

    for size, path in log.grown.items():
        old.write_bytes(log.notes[size])
        assert judge(path), size
        if path:
            assert not judge(path[1:])
            assert not judge([*path, path[-1]])
            assert not judge([flipped(path[0], 0), *path[1:]])
            assert not judge([*path[:-1], flipped(path[-1], 0)])
    # The older tree in the newer one's place: the log has become shorter.
    old.write_bytes(log.notes[MOST])
    new.write_bytes(log.notes[65_537])
    assert not judge(log.grown[65_537])
    # Another tree of the older size, signed by the log itself: a fork.
    new.write_bytes(log.notes[MOST])
    old.write_bytes(log.notes[65_536].replace(b"65536", b"65535"))
    assert not judge(log.grown[65_535])


@pytest.mark.parametrize("what", ALTERED)
def test_what_was_altered_is_refused_by_all_who_can_see_it(
    verifiers: Verifiers, log: Log, tmp_path: Path, what: str
) -> None:
    """Entries, tiles at each level, checkpoint, signature, key hash, origin."""
    alter, seen = ALTERED[what]
    folder = copied(log.folder, tmp_path / "log")
    (folder / "older").write_bytes(log.notes[65_537])
    alter(folder)
    for who in BOTH:
        judged = verifiers.tiles(who, folder, log.key)
        assert judged.accepted == (who not in seen), f"{who}: {judged.said}"
    assert verifiers.tiles("go", log.folder, log.key).accepted, "the original was altered"


def test_another_key_accepts_nothing(verifiers: Verifiers, log: Log) -> None:
    """One of the log's name; one of another name; the log's key under a wrong hash."""
    name, key_hash, encoded = log.key.split("+", 2)
    wrong = f"{name}+{'0' * 8}+{encoded}"
    assert key_hash != "0" * 8
    for key in (OTHER.verifier.vkey(), SigningKey("a.example/b", b"k" * 32).verifier.vkey(), wrong):
        for who in BOTH:
            assert not verifiers.tiles(who, log.folder, key).accepted
        for who in ("go", "sigstore"):
            assert not verifiers.proofs(who, log.proofs, key).accepted


WITNESS: Final = WitnessSigner("witness.example/w1", b"w" * 32)
TIME: Final = 1_767_225_600


def _line(note: bytes) -> bytes:
    return note.rstrip(b"\n").rpartition(b"\n")[2] + b"\n"


@pytest.mark.parametrize("who", BOTH)
def test_cosignatures_are_accepted_and_refused_when_altered(
    verifiers: Verifiers, log: Log, tmp_path: Path, who: str
) -> None:
    """Type 0x04: its time, its signature, another size's, another witness's, a plain one, none."""
    folder = copied(log.folder, tmp_path / "log")
    note = log.notes[MOST]
    sound, vkey = cosigned(note, WITNESS, TIME), WITNESS.verifier.vkey()
    payload = b64decode(_line(sound).split(b" ")[2])

    def judge(raw: bytes, key: str = vkey) -> bool:
        replace(folder / "checkpoint", raw)
        return verifiers.tiles(who, folder, log.key, key).accepted

    def beside(changed: bytes) -> bytes:
        return note + f"\u2014 {WITNESS.verifier.name} ".encode() + b64encode(changed) + b"\n"

    assert judge(sound)
    # Several witnesses, one of them unknown to whoever reads.
    other = WitnessSigner("witness.example/w2", b"v" * 32)
    second = cosigned(sound, other, TIME + 1)
    assert judge(second)
    assert judge(second, other.verifier.vkey())
    assert beside(payload) == sound
    assert not judge(beside(payload[:11] + flipped(payload[11:12], 0) + payload[12:]))
    assert not judge(beside(flipped(payload, -1)))
    assert not judge(beside(payload[:-1]))
    assert not judge(beside(payload + b"\0"))
    assert not judge(note)
    assert not judge(note + _line(cosigned(log.notes[65_537], WITNESS, TIME)))
    namesake = WitnessSigner(WITNESS.verifier.name, b"x" * 32)
    assert not judge(cosigned(note, namesake, TIME))
    # The log's kind of signature under the witness's key hash.
    plain = SigningKey(WITNESS.verifier.name, b"w" * 32).sign(parse_note(note)[0].encode())
    assert not judge(beside(payload[:4] + TIME.to_bytes(8, "big") + plain))


_COSIGN: Final = """\
import sys
from tlog_scales import signing, tlog

note = tlog.Checkpoint.from_text(open(sys.argv[1], encoding="utf-8").read())
signer = signing.MLDSA44CosignatureSigner("witness.example/ml", b"m" * 32)
print(signer.sign(note).serialize())
print(signer.vkey.serialize())
"""


def test_a_cosignature_of_another_maker_counts_here(
    verifiers: Verifiers, log: Log, tmp_path: Path
) -> None:
    """Type 0x06 (ML-DSA-44), made by tlog-scales: accepted by ours, and refused when altered."""
    (tmp_path / "note").write_bytes(log.notes[MOST])
    done = subprocess.run(
        [verifiers.scales, "-c", _COSIGN, tmp_path / "note"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    line, vkey = done.stdout.splitlines()
    witness = parse_witness_vkey(vkey)
    sound = log.notes[MOST] + line.encode() + b"\n"
    (found,) = cosignatures_of(sound, [witness])
    assert found.witness == witness
    folder = copied(log.folder, tmp_path / "log")
    replace(folder / "checkpoint", cosigned(sound, WITNESS, TIME))
    assert verifiers.tiles("scales", folder, log.key, vkey, WITNESS.verifier.vkey()).accepted
    head, _, encoded = line.rpartition(" ")
    altered = f"{head} {write_base64(flipped(b64decode(encoded), 2000))}\n"
    with pytest.raises(DamageError):
        cosignatures_of(log.notes[MOST] + altered.encode(), [witness])
    with pytest.raises(DamageError):
        cosignatures_of(log.notes[65_537] + line.encode() + b"\n", [witness])


@pytest.mark.parametrize("who", ["go", "sigstore"])
@pytest.mark.parametrize("what", PROOFS)
def test_an_altered_proof_file_or_entry_is_refused(
    verifiers: Verifiers, log: Log, tmp_path: Path, who: str, what: str
) -> None:
    """By each that checks proofs."""
    folder = tmp_path / "proofs"
    folder.mkdir()
    for kind in ("tlog-proof", "entry"):
        shutil.copyfile(log.proofs / f"65537.{kind}", folder / f"65537.{kind}")
    assert verifiers.proofs(who, folder, log.key).accepted
    before = {one: one.read_bytes() for one in folder.iterdir()}
    PROOFS[what](folder)
    assert {one: one.read_bytes() for one in folder.iterdir()} != before
    judged = verifiers.proofs(who, folder, log.key)
    assert not judged.accepted, judged.said


@pytest.fixture
def address(log: Log) -> Iterator[str]:
    """A web server that knows nothing but files."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

    handler = functools.partial(Quiet, directory=str(log.folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def test_the_auditor_s_commands_do_what_the_page_says(
    log: Log, address: str, tmp_path: Path
) -> None:
    """As they stand there, but for fetching the tools, which `make tools` did."""
    blocks = commands()
    (tmp_path / "check.py").write_text(blocks["python"][0])
    scales = prepare("tlog-scales")
    (tmp_path / "tools").symlink_to(scales.programs.parent)
    (tmp_path / "tests").symlink_to(HERE.parent)
    fetching, *lines = blocks["sh"][0].splitlines()
    assert fetching.endswith(f"tools/bin/pip install tlog-scales=={scales.version}")
    installing, *more = blocks["sh"][1].splitlines()
    makefile = (ROOT / "Makefile").read_text()
    assert all(word in makefile for word in installing.split() if word.startswith("golang"))
    environment = go_environment(tmp_path) | {"KEY": log.key}

    def run(script: list[str], place: str) -> str:
        done = subprocess.run(
            ["sh", "-euc", "\n".join(script)], cwd=tmp_path, env=environment | {"LOG": place},
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    for place in (str(log.folder), address):
        assert f"accepted: {MOST} entries of {ORIGIN}" in run(lines, place)
    assert run(more, str(log.folder)).splitlines() == ["accepted", "accepted"]
    assert (tmp_path / "first.entry").stat().st_size > 500


def test_a_tool_that_is_missing_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Never passed over."""
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(AssertionError, match="golang-go"):
        go_environment(tmp_path)
