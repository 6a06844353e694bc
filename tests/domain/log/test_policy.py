"""Trust policies: each rule of the file format, and what a quorum is."""

from __future__ import annotations

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import DamageError, PipeledgerError, RefusedError, TooLargeError
from domain.log.checkpoint import Checkpoint, sign_checkpoint
from domain.log.cosignature import WitnessSigner, with_lines
from domain.log.key import SigningKey
from domain.log.policy import Policy

LOG = SigningKey("log.example/a", bytes([100]) * 32)
RENAMED = SigningKey("log.example/b", bytes([100]) * 32)
SECOND_LOG = SigningKey("log.example/a", bytes([101]) * 32)
WITNESSES = [WitnessSigner(f"witness.example/w{n}", bytes([n]) * 32) for n in range(1, 7)]
NAMES = ["X1", "X2", "X3", "Y1", "Y2", "Y3"]
LINES = [
    f"witness {name} {key.verifier.vkey()}" for name, key in zip(NAMES, WITNESSES, strict=True)
]
EXAMPLE = "\n".join([
    f"log {LOG.verifier.vkey()}", "", *LINES[:3], "group X-witnesses 2 X1 X2 X3", *LINES[3:],
    "group Y-witnesses any Y1 Y2 Y3", "group X-and-Y all X-witnesses Y-witnesses",
    "quorum X-and-Y", "",
])  # fmt: skip


def read(text: str) -> Policy:
    """The policy of a text."""
    return Policy.parse(text.encode())


def test_the_specifications_example_asks_for_two_of_x_and_one_of_y() -> None:
    """For each of the 64 sets of witnesses."""
    policy = read(EXAMPLE)
    for count in range(7):
        for chosen in combinations(range(6), count):
            seen = [WITNESSES[at].verifier for at in chosen]
            enough = sum(at < 3 for at in chosen) >= 2 and any(at >= 3 for at in chosen)
            assert policy.has_quorum(seen) is enough


def test_a_checkpoint_is_accepted_with_log_and_quorum_only() -> None:
    """Neither the log's signature alone nor the witnesses' alone is enough."""
    policy = read(EXAMPLE)
    checkpoint = Checkpoint("log.example/a", 3, bytes(32))
    lines = [key.cosign(checkpoint.encode(), 1) for key in WITNESSES]
    note = sign_checkpoint(checkpoint, [LOG])
    assert policy.open(with_lines(note, [lines[0], lines[2], lines[5]])) == checkpoint
    with pytest.raises(DamageError, match="quorum"):
        policy.open(with_lines(note, lines[:3]))
    foreign = sign_checkpoint(checkpoint, [SECOND_LOG])
    with pytest.raises(DamageError, match="no signature by a known key"):
        policy.open(with_lines(foreign, lines))
    other = Checkpoint("log.example/b", 3, bytes(32))
    with pytest.raises(DamageError, match="a log that the policy does not name"):
        policy.open(sign_checkpoint(other, [RENAMED]))


def test_one_log_may_have_several_keys_and_any_of_them_is_enough() -> None:
    """As during a rotation."""
    policy = read(f"log {LOG.verifier.vkey()}\nlog {SECOND_LOG.verifier.vkey()}\nquorum none\n")
    for key in (LOG, SECOND_LOG):
        note = sign_checkpoint(Checkpoint("log.example/a", 1, bytes(32)), [key])
        assert policy.open(note).size == 1


def test_a_single_witness_and_none_are_quorums() -> None:
    """None asks for no cosignature, and must be said."""
    one = read(f"{LINES[0]}\nquorum X1\n")
    assert one.has_quorum([WITNESSES[0].verifier])
    assert not one.has_quorum([WITNESSES[1].verifier])
    assert read("quorum none\n").has_quorum([])


def test_spaces_tabs_comments_blank_lines_and_addresses() -> None:
    """Whatever stands around the items, they are the same."""
    text = (
        f"# a comment\n \t# another, indented\n\n\t log\t{LOG.verifier.vkey()}  https://log/ \n"
        f"  {LINES[0]} https://witness/w1\t\n \t \nquorum  X1\n"
    )
    policy = read(text)
    assert (policy.logs[0].url, policy.witnesses[b"X1"].url) == (
        "https://log/",
        "https://witness/w1",
    )


def test_names_are_octets() -> None:
    """A letter K and a Kelvin sign are two names; bytes that are no UTF-8 are a name too."""
    kelvin = "\u212a".encode()
    raw = b"".join(
        b"witness " + name + b" " + key.verifier.vkey().encode() + b"\n"
        for name, key in zip((b"K", kelvin, b"\xff\xfe"), WITNESSES, strict=False)
    )
    policy = Policy.parse(raw + b"group g 2 K " + kelvin + b" \xff\xfe\nquorum g\n")
    assert set(policy.witnesses) == {b"K", kelvin, b"\xff\xfe"}


def test_more_than_thirty_two_of_each_are_read() -> None:
    """The specification asks for at least so many."""
    keys = [WitnessSigner(f"w{n}", n.to_bytes(32, "big")).verifier.vkey() for n in range(200)]
    logs = [SigningKey(f"l{n}", n.to_bytes(32, "big")).verifier.vkey() for n in range(200)]
    text = "".join(f"log {key}\n" for key in logs)
    text += "".join(f"witness {n} {key}\ngroup g{n} all {n}\n" for n, key in enumerate(keys))
    text += f"group all-of-them 100 {' '.join(f'g{n}' for n in range(200))}\nquorum all-of-them\n"
    assert len(read(text).groups) == 201
    with pytest.raises(TooLargeError, match="line 1001: at most 1000 lines of one kind"):
        read("".join(
            f"log {SigningKey('l', n.to_bytes(32, 'big')).verifier.vkey()}\n" for n in range(1001)
        ))  # fmt: skip


@pytest.mark.parametrize(
    "line", [f"log {LOG.verifier.vkey()} ", f"{LINES[0]} ", "log ", "witness X1 "]
)
def test_a_key_or_an_address_that_is_no_utf_8_is_refused(line: str) -> None:
    """A name may be any bytes; these are texts."""
    with pytest.raises(RefusedError, match="policy line 1: keys and addresses are UTF-8"):
        Policy.parse(line.encode() + b"\xff\nquorum none\n")


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("", "policy: no quorum line"),
        (f"log {LOG.verifier.vkey()}\n", "policy: no quorum line"),
        ("quorum none", "policy: the last line has no line feed"),
        ("quorum none\nquorum none\n", "line 2: a second quorum line"),
        ("quorum none none\n", "line 1: expected quorum and one name"),
        ("quorum\n", "line 1: expected quorum and one name"),
        ("quorum X1\n", "line 1: a name that no line before defines"),
        (f"quorum X1\n{LINES[0]}\n", "line 1: a name that no line before defines"),
        ("peer X\nquorum none\n", "line 1: expected log, witness, group or quorum"),
        ("LOG x\nquorum none\n", "line 1: expected log, witness, group or quorum"),
        ("log\nquorum none\n", "line 1: expected log, a key"),
        (f"log {LOG.verifier.vkey()} u v\nquorum none\n", "line 1: expected log, a key"),
        ("log x+y\nquorum none\n", r"line 1: expected name\+hash\+key"),
        (f"log {WITNESSES[0].verifier.vkey()}\nquorum none\n", "line 1: expected an Ed25519 key"),
        (
            f"log {LOG.verifier.vkey()}\nlog {RENAMED.verifier.vkey()}\n",
            "line 2: the same key stands in the policy already",
        ),
        ("witness X1\nquorum none\n", "line 1: expected witness, name, key"),
        (f"witness a {LOG.verifier.vkey()}\nquorum none\n", "line 1: expected a witness's key"),
        (f"{LINES[0]}\n{LINES[0]}\nquorum none\n", "line 2: the name is defined already"),
        (
            f"{LINES[0]}\nwitness b {WitnessSigner('b', bytes([1]) * 32).verifier.vkey()}\n",
            "line 2: the same key stands in the policy already",
        ),
        (f"witness none {LINES[0].split()[2]}\nquorum none\n", "line 1: the name none is taken"),
        (f"{LINES[0]}\ngroup none any X1\nquorum none\n", "line 2: the name none is taken"),
        (f"{LINES[0]}\ngroup X1 any X1\nquorum none\n", "line 2: the name is defined already"),
        (f"{LINES[0]}\ngroup g any\nquorum none\n", "line 2: expected group, name"),
        (f"{LINES[0]}\ngroup g any X1 X1\nquorum none\n", "line 2: a member of a group already"),
        (
            f"{LINES[0]}\ngroup g any X1\ngroup h any X1\nquorum none\n",
            "line 3: a member of a group already",
        ),
        (f"{LINES[0]}\ngroup g any none\nquorum none\n", "line 2: a name that no line before"),
        ("group g any g\nquorum none\n", "line 1: a name that no line before"),
        (f"{LINES[0]}\ngroup g 0 X1\nquorum none\n", "line 2: expected all, any, or a number"),
        (f"{LINES[0]}\ngroup g 2 X1\nquorum none\n", "line 2: expected all, any, or a number"),
        (f"{LINES[0]}\ngroup g 01 X1\nquorum none\n", "line 2: expected all, any, or a number"),
        (f"{LINES[0]}\ngroup g +1 X1\nquorum none\n", "line 2: expected all, any, or a number"),
        (f"{LINES[0]}\ngroup g some X1\nquorum none\n", "line 2: expected all, any, or a number"),
        (f"{LINES[0]}\ngroup g any X1\nwitness g {LINES[1].split()[2]}\n", "line 3: the name is"),
        ("\nquorum none\r\n", "line 2: a control character"),
        ("quorum none\r\n", "line 1: a control character"),
        ("# x\n\x00quorum none\n", "line 2: a control character"),
        ("quorum none\x7f\n", "line 1: a control character"),
        ("quorum\u00a0none\n", "line 1: expected log, witness, group or quorum"),
    ],
)
def test_what_breaks_a_rule_is_refused_with_its_line(text: str, where: str) -> None:
    """Each rule of the format."""
    with pytest.raises(RefusedError, match=where):
        read(text)


def test_a_number_of_members_may_be_all_of_them() -> None:
    """And a policy has a million bytes at most."""
    policy = read(f"{LINES[0]}\n{LINES[1]}\ngroup g 2 X1 X2\nquorum g\n")
    assert policy.has_quorum([one.verifier for one in WITNESSES[:2]])
    assert not policy.has_quorum([WITNESSES[0].verifier])
    end = "\nquorum none\n"
    assert read("#" * (1_000_000 - len(end)) + end).quorum is None
    with pytest.raises(TooLargeError, match="at most 1000000 bytes"):
        read("#" * (1_000_001 - len(end)) + end)


@given(st.binary(max_size=300) | st.lists(
    st.sampled_from([*LINES, "group g any X1 X2", "group h all g", "quorum h", "quorum none", "#"])
).map(lambda lines: "".join(f"{line}\n" for line in lines).encode()))  # fmt: skip
def test_any_bytes_are_a_policy_or_refused(raw: bytes) -> None:
    """No exception but our own."""
    try:
        policy = Policy.parse(raw)
    except PipeledgerError:
        return
    assert policy.has_quorum([key.verifier for key in WITNESSES])
