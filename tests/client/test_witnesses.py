"""The client's own check of witnesses: policies, cosignatures, forks; both programs agree."""

from __future__ import annotations

import json
import struct
from itertools import combinations
from typing import TYPE_CHECKING, Any, Final

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from domain.errors import PipeledgerError
from domain.log.checkpoint import Checkpoint as ServersCheckpoint
from domain.log.checkpoint import sign_checkpoint
from domain.log.cosignature import ML_DSA_44_COSIGNATURE, WitnessKey, with_lines
from domain.log.key import SigningKey
from domain.log.note import NoteSignature
from domain.log.policy import Policy as ServersPolicy
from pipeledger.commands.verify import main as verify
from pipeledger.trusting import TrustStore
from pipeledger.verifier.key import TrustedKey
from pipeledger.verifier.note import open_checkpoint
from pipeledger.verifier.standalone import main as standalone
from pipeledger.verifier.trust import trusted_log
from pipeledger.verifier.wire import UncheckedError, UnsoundError
from pipeledger.verifier.witness import Witness, WitnessPolicy
from tests.client.test_known_answers import ANSWERS, RAW
from tests.client.writer import b64
from tests.domain.log.known_answers import CHECKPOINT, INTAKE_VKEY, LOG, LOG_VKEY, ORIGIN, ROOT
from tests.domain.log.test_policy import EXAMPLE, LINES, WITNESSES
from tests.witnessing import Log

if TYPE_CHECKING:
    from pathlib import Path

NOTE = CHECKPOINT.encode()
TEXT = CHECKPOINT.partition("\n\n")[0] + "\n"
LINES_OF_ALL = [key.cosign(TEXT, 1_700_000_000) for key in WITNESSES]
QUORUM = EXAMPLE.replace(EXAMPLE.split("\n", 1)[0], f"log {LOG_VKEY}")


def checked(policy: str, note: bytes) -> tuple[str, ...]:
    """What a policy makes of a note of the known log."""
    keys = [TrustedKey.parse(LOG_VKEY)]
    return WitnessPolicy(policy.encode()).check(open_checkpoint(note, keys, ORIGIN))


def test_client_and_server_agree_on_every_set_of_witnesses() -> None:
    """Two of X and one of Y, as the specification's example asks; written twice."""
    server = ServersPolicy.parse(QUORUM.encode())
    for count in range(7):
        for chosen in combinations(range(6), count):
            note = with_lines(NOTE, [LINES_OF_ALL[at] for at in chosen])
            enough = server.has_quorum([one.witness for one in server.cosignatures(note)])
            if enough:
                (said,) = checked(QUORUM, note)
                assert said.startswith("cosigned by witness.example/w")
            else:
                with pytest.raises(UnsoundError, match=f"quorum is missing: {count} of 6"):
                    checked(QUORUM, note)


@pytest.mark.parametrize(
    "text",
    [
        "", "quorum none", "quorum none\nquorum none\n", "quorum X\n", "peer x\nquorum none\n",
        "log x+y\nquorum none\n", f"log {LOG_VKEY}\nlog {LOG_VKEY}\nquorum none\n",
        f"{LINES[0]}\n{LINES[0]}\nquorum none\n", f"{LINES[0]}\ngroup g 2 X1\nquorum g\n",
        f"{LINES[0]}\ngroup g 0 X1\nquorum g\n", f"{LINES[0]}\ngroup g 01 X1\nquorum g\n",
        f"{LINES[0]}\ngroup g any X1 X1\nquorum g\n",
        f"{LINES[0]}\ngroup none any X1\nquorum none\n",
        f"{LINES[0]}\ngroup g any\nquorum none\n", "quorum none\r\n", "quorum none\x00\n",
        f"{LINES[0]}\ngroup g any X1\ngroup h any X1\nquorum h\n", "group g any g\nquorum g\n",
        f"witness a {LOG_VKEY}\nquorum none\n", f"log {LINES[0].split()[2]}\nquorum none\n",
        f"{LINES[0]}\nwitness X1 {LINES[1].split()[2]}\nquorum none\n",
        "witness a x+00000000+BAAA\nquorum none\n", "quorum \n", f"{LINES[0]} a b\nquorum none\n",
    ],
)  # fmt: skip
def test_what_the_server_refuses_as_policy_the_client_refuses(text: str) -> None:
    """Each rule of the format; it could not be checked, and accuses nobody."""
    with pytest.raises(PipeledgerError):
        ServersPolicy.parse(text.encode())
    with pytest.raises(UncheckedError, match="policy"):
        WitnessPolicy(text.encode())


def test_a_cosignature_that_does_not_verify_is_never_passed_over() -> None:
    """With a time that was altered, of another checkpoint, too short; of strangers: no matter."""
    line = LINES_OF_ALL[0]
    other = WITNESSES[0].cosign("x\n1\n", 5)
    policy = f"log {LOG_VKEY}\n{LINES[0]}\nquorum none\n"
    for value in (struct.pack(">Q", 3) + line.value[8:], other.value, line.value[:-1]):
        with pytest.raises(UnsoundError, match="does not verify"):
            checked(policy, with_lines(NOTE, [NoteSignature(line.name, line.hash, value)]))
    assert checked(policy, with_lines(NOTE, LINES_OF_ALL[1:])) == (
        "the policy asks for no witness",
    )


def test_a_policy_names_the_log_too() -> None:
    """Signed by the trusted key, but not by one that the policy names."""
    other = Log(ORIGIN).key.verifier.vkey()
    with pytest.raises(UnsoundError, match="not signed by a trusted key"):
        checked(f"log {other}\nquorum none\n", NOTE)
    assert checked("quorum none\n", NOTE)


def test_a_key_of_the_other_kind_is_said_not_to_be_checked() -> None:
    """It makes no quorum, and no accusation."""
    key = WitnessKey("w", ML_DSA_44_COSIGNATURE, bytes(1312))
    line = NoteSignature("w", key.hash, bytes(2428))
    policy = f"witness w {key.vkey()}\nquorum w\n"
    with pytest.raises(UnsoundError, match="not checked: 1 of ML-DSA-44"):
        checked(policy, with_lines(NOTE, [line]))


V: Final = [key.verifier.vkey() for key in WITNESSES]
LARGE: Final = WitnessKey("w", ML_DSA_44_COSIGNATURE, bytes(1312))
SIXES: Final = f"{V[0].rpartition('+')[0]}+{b64(bytes([6]) + WITNESSES[0].verifier.public)}"
ITEMS: Final = "expected log, witness, group or quorum, and its items"
THERE: Final = "the key is there already"


@pytest.mark.parametrize(
    ("lines", "cause"),
    [
        (["peer x y"], ITEMS), (["log"], ITEMS), ([f"log {LOG_VKEY} url more"], ITEMS),
        (["witness a"], ITEMS), ([f"witness a {V[0]} url more"], ITEMS), (["group g any"], ITEMS),
        (["quorum"], ITEMS), (["quorum a b"], ITEMS),
        (["log x+y"], "key"), ([f"log {V[0]}"], "key witness.example/w1: not an Ed25519 key"),
        ([f"log {LOG_VKEY}", f"log {LOG_VKEY}"], THERE),
        (["log \xff"], "a key that is not UTF-8"), (["witness a \xff"], "a key that is not UTF-8"),
        ([f"witness none {V[0]}"], "the name none is taken"),
        ([f"witness a {V[0]}", f"witness a {V[1]}"], "the name is defined already"),
        ([f"witness a {V[0]}", f"witness b {V[1]}", f"witness b {V[0]}"], "the name is defined"),
        ([f"witness a {V[0]}", "group b any a", f"witness b {V[1]}"], "the name is defined"),
        ([f"witness a {V[0]}", f"witness b {V[0]}"], THERE),
        ([f"witness a {LOG_VKEY}"], r"not a witness's key \(type 4 or 6\)"),
        ([f"witness a {V[0][len('witness.example/w1'):]}"], r"not a witness's key"),
        (["witness a x+00000000+"], r"not a witness's key"),
        (["witness a x+00000000+BA"], "witness key: not canonical base64"),
        ([f"witness a x{V[0]}"], "the hash in a witness's key is not the key's"),
        ([f"witness a {SIXES}"], "the hash in a witness's key is not the key's"),
        ([f"witness a {V[0]}", "group none any a"], "the name none is taken"),
        ([f"witness a {V[0]}", "group a any a"], "the name is defined already"),
        ([f"witness a {V[0]}", "group g any a", "group g any g"], "the name is defined already"),
        (["group g any a"], "a name that no line before defines"),
        (["group g any g"], "a name that no line before defines"),
        ([f"witness a {V[0]}", "group g any a a"], "a member of a group already"),
        ([f"witness a {V[0]}", "group g any a", "group h any g a"], "a member of a group already"),
        ([f"witness a {V[0]}", "group g 2 a"], "expected all, any, or 1 to 1"),
        ([f"witness a {V[0]}", f"witness b {V[1]}", "group g 3 a b"],
         "expected all, any, or 1 to 2"),
        ([f"witness a {V[0]}", "group g 0 a"], "expected all, any, or 1 to 1"),
        ([f"witness a {V[0]}", "group g 01 a"], "expected all, any, or 1 to 1"),
        ([f"witness a {V[0]}", "group g most a"], "expected all, any, or 1 to 1"),
        (["quorum none", "quorum none"], "a second quorum line"),
        (["quorum a"], "a name that no line before defines"),
        (["quorum none\r"], "a control character"), (["# \x7f"], "a control character"),
    ],
)  # fmt: skip
def test_a_line_that_is_none_of_a_policy_is_named(lines: list[str], cause: str) -> None:
    """Counted from one, empty lines and remarks as well."""
    text = "# remark\n\n\t \n" + "\n".join(lines) + "\nquorum none\n"
    with pytest.raises(UncheckedError, match=f"^policy line {3 + len(lines)}: {cause}"):
        WitnessPolicy(text.encode("latin-1"))


def test_a_policy_ends_with_a_whole_line_and_has_up_to_a_million_bytes() -> None:
    """And asks for a quorum, be it of none."""
    text = b"quorum none\n#" + b"x" * (1_000_000 - 14) + b"\n"
    assert len(text) == 1_000_000
    WitnessPolicy(text)
    for raw in (b"#" + text, b"quorum none"):
        with pytest.raises(UncheckedError, match="policy: too long, or its last line is cut off"):
            WitnessPolicy(raw)
    for raw in (b"", b"\n", b"#quorum none\n"):
        with pytest.raises(UncheckedError, match="policy: no quorum line"):
            WitnessPolicy(raw)


A, B, C = (
    f"witness {name} {vkey} https://witness.example" for name, vkey in zip("abc", V, strict=False)
)
NAMES: Final = [f"witness.example/w{number}" for number in range(1, 7)]


@pytest.mark.parametrize(
    ("lines", "cosigned", "said"),
    [
        (["quorum none"], [0, 1], "the policy asks for no witness"),
        ([A, B, "quorum none"], [0, 1, 0], "the policy asks for no witness; cosigned by {0}, {1}"),
        ([A, B, "quorum b"], [0, 1], "cosigned by {0}, {1}: the policy's quorum"),
        ([A, B, "quorum b"], [0], None),
        ([A, B, "group g 2 a b", "quorum g"], [1, 0], "cosigned by {1}, {0}: the policy's quorum"),
        ([A, B, "group g 2 a b", "quorum g"], [1, 1], None),
        ([A, B, "group g all a b", "quorum g"], [1], None),
        ([A, B, "group g any\ta  b\t", "quorum g"], [1], "cosigned by {1}: the policy's quorum"),
        ([A, B, C, "group g any a b", "group h all g c", "quorum h"], [0, 2],
         "cosigned by {0}, {2}: the policy's quorum"),
        ([A, B, C, "group g any a b", "group h all g c", "quorum h"], [0, 1], None),
        ([A, B, "group g any a", "quorum b"], [0], None),
        (["log {log}", A, "quorum a"], [0], "cosigned by {0}: the policy's quorum"),
        (["log {log} https://log.example", A, "quorum a"], [0], "cosigned by {0}: the policy's"),
        ([f"witness w {LARGE.vkey()}", A, "quorum a"], [0, 6],
         "cosigned by {0}: the policy's quorum; not checked: 1 of ML-DSA-44"),
        ([f"witness w {LARGE.vkey()}", A, "quorum none"], [6, 6],
         "the policy asks for no witness; not checked: 2 of ML-DSA-44"),
        ([f"witness w {LARGE.vkey()}", A, "quorum none"], [6, 0],
         "the policy asks for no witness; cosigned by {0}; not checked: 1 of ML-DSA-44"),
        ([f"witness w {LARGE.vkey()}", A, "quorum w"], [0, 6], None),
    ],
)  # fmt: skip
def test_a_policy_is_met_by_those_witnesses_whom_it_names(
    lines: list[str], cosigned: list[int], said: str | None
) -> None:
    """Each once, alone or in groups of groups; what is met is said with their names."""
    large = NoteSignature("w", LARGE.hash, bytes(2428))
    all_of_them = [*LINES_OF_ALL, large]
    note = (
        NOTE
        + "".join(
            f"\u2014 {one.name} {b64(one.hash + one.value)}\n"
            for one in (all_of_them[at] for at in cosigned)
        ).encode()
    )
    policy = "\n".join(lines).replace("{log}", LOG_VKEY) + "\n"
    if said is None:
        known = sum(line.startswith("witness") for line in lines)
        seen = len({at for at in cosigned if at < known and at < 6})
        with pytest.raises(UnsoundError, match=f"is missing: {seen} of {known} witnesses cosigned"):
            checked(policy, note)
    else:
        (told,) = checked(policy, note)
        assert told.startswith(said.format(*NAMES))


def test_a_policy_s_logs_are_those_of_the_checkpoint_s_name() -> None:
    """The right key under another name is not the log's."""
    other = SigningKey("log.example/other", bytes([7]) * 32).verifier.vkey()
    assert checked(f"log {other}\nlog {LOG_VKEY}\nquorum none\n", NOTE)
    with pytest.raises(UnsoundError, match="not signed by a trusted key of the log"):
        checked(f"log {other}\nquorum none\n", NOTE)


def test_a_time_of_a_cosignature_is_a_number_up_to_2_to_the_63() -> None:
    """Exactly: what is beyond is none, whoever signed it."""
    private = Ed25519PrivateKey.from_private_bytes(bytes([1]) * 32)
    witness = Witness.parse(V[0])
    for time, right in ((0, True), (2**63 - 1, True), (2**63, False)):
        told = private.sign(b"cosignature/v1\ntime %d\ntext" % time)
        value = time.to_bytes(8, "big") + told
        assert witness.signed(b"text", value) is right
        assert not witness.signed(b"other", value)
        assert not witness.signed(b"text", value + b"x")
        assert not witness.signed(b"text", value[:-1])
    large = Witness.parse(LARGE.vkey())
    assert (large.name, large.key, large.key_hash) == ("w", None, LARGE.hash)
    assert not large.signed(b"text", bytes(72))


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home with the known log trusted, and its checkpoint and policies as files."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    store = TrustStore(tmp_path / ".config" / "pipeledger")
    store.put(trusted_log([LOG_VKEY, INTAKE_VKEY], url="http://127.0.0.1:9", ledger="default"))
    (tmp_path / "policy").write_text(QUORUM)
    (tmp_path / "plain").write_bytes(NOTE)
    (tmp_path / "cosigned").write_bytes(with_lines(NOTE, LINES_OF_ALL))
    return tmp_path


def test_the_commands_give_status_1_where_the_quorum_is_missing(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """0 with it; without a policy they say that no witness was asked; 2 for a wrong policy."""
    plain, cosigned = str(folder / "plain"), str(folder / "cosigned")
    keys = ["--key", LOG_VKEY, "--key", INTAKE_VKEY]

    def alone(*words: str) -> int:
        return standalone([*words, *keys])

    def installed(*words: str) -> int:
        return verify([*words])

    for run in (installed, alone):
        assert run(cosigned, "--policy", str(folder / "policy")) == 0
        assert "cosigned by witness.example/w1, witness.example/w2" in capsys.readouterr().out
        assert run(plain, "--policy", str(folder / "policy")) == 1
        assert "quorum is missing: 0 of 6 witnesses" in capsys.readouterr().err
        assert run(plain) == 0
        assert "no witness was asked" in capsys.readouterr().out
        (folder / "wrong").write_text("quorum nobody\n")
        assert run(plain, "--policy", str(folder / "wrong")) == 2
        assert "policy line 1" in capsys.readouterr().err


def test_proofs_and_receipts_are_held_to_the_policy(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The checkpoint inside them is the one that must be cosigned."""
    (folder / "entry").write_bytes(RAW[1])
    (folder / "proof").write_text(ANSWERS["proof_of_2"])
    words = [str(folder / "proof"), "--entry", str(folder / "entry"), "--offline"]
    assert verify([*words, "--policy", str(folder / "policy")]) == 1
    assert "quorum is missing" in capsys.readouterr().err
    head = (folder / "proof").read_text().partition("\n\n")[0]
    cosigned = (folder / "cosigned").read_bytes()
    (folder / "proof").write_bytes(f"{head}\n\n".encode() + cosigned)
    assert verify([*words, "--policy", str(folder / "policy")]) == 0


def test_a_fork_is_told_with_both_notes_in_a_file(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What was seen before, note and all, against another root under the same key."""
    assert verify([str(folder / "plain")]) == 0
    forked = sign_checkpoint(ServersCheckpoint(ORIGIN, 4, bytes(32)), [LOG])
    (folder / "forked").write_bytes(forked)
    capsys.readouterr()
    assert verify([str(folder / "forked")]) == 1
    said = capsys.readouterr().err
    assert "two different roots are signed for size 4: a fork; both checkpoints are in" in said
    (file,) = (folder / ".config" / "pipeledger" / "forks").iterdir()
    found: dict[str, Any] = json.loads(file.read_text())
    assert [one["note"].encode() for one in found["checkpoints"]] == [NOTE, forked]
    assert [one["root"] for one in found["checkpoints"]] == [ROOT, "0" * 64]
    assert found["origin"] == ORIGIN
