"""The verifier agrees with entries that were made apart from this software."""

from __future__ import annotations

import base64
import hashlib
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from pipeledger.verifier.chain import Chain
from pipeledger.verifier.entry import genesis_link, parse_entry
from pipeledger.verifier.key import MissingLibraryError, TrustedKey, fingerprint_of
from pipeledger.verifier.note import open_checkpoint
from pipeledger.verifier.part import check_parts
from pipeledger.verifier.proof import check_proof, parse_proof
from pipeledger.verifier.tree import Tree, is_consistent, is_included, leaf_hash
from pipeledger.verifier.trust import TrustedLog, trusted_log
from pipeledger.verifier.wire import UnsoundError
from tests.client.writer import Key, Writer, b64, consistency, path, root

ANSWERS: dict[str, Any] = json.loads((Path(__file__).parent / "known_answers.json").read_text())
RAW = [f"{one['seq']}\n{one['ctx']}".encode() for one in ANSWERS["entries"]]
REFERENCE_LEAVES = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657",
                    "606162636465666768696a6b6c6d6e6f"]  # fmt: skip
REFERENCE_ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


def trust(*names: str) -> TrustedLog:
    """Trust in some of the known keys."""
    return trusted_log(ANSWERS["vkeys"][name] for name in names)


def test_every_leaf_hash_and_link_is_as_known() -> None:
    """Leaf hashes, the first link and the root come out as they were written down."""
    assert [leaf_hash(raw).hex() for raw in RAW] == [one["leaf"] for one in ANSWERS["entries"]]
    assert genesis_link(ANSWERS["origin"]).hex() == ANSWERS["genesis"]
    tree = Tree()
    tree.extend([leaf_hash(raw) for raw in RAW])
    assert tree.root().hex() == ANSWERS["root"]


@pytest.mark.parametrize("names", [("log", "intake"), ("log", "intake", "second")])
def test_the_whole_ledger_is_sound_during_a_rotation(names: tuple[str, ...]) -> None:
    """Whoever knows the old intake key, or both, finds the four entries sound."""
    log = trust(*names)
    chain = Chain(log)
    entries = chain.extend(RAW)
    chain.finish(open_checkpoint(ANSWERS["checkpoint"].encode(), log.log_keys, log.origin))
    absent = [
        check_parts(entry, known["parts"])
        for entry, known in zip(entries, ANSWERS["entries"], strict=True)
    ]
    assert absent == [[], [], [], []]


def test_the_known_proof_leads_to_the_root_and_a_changed_one_does_not() -> None:
    """The proof of position 2 holds; with any of its bits flipped nothing does."""
    log = trust("log", "intake")
    proof = ANSWERS["proof_of_2"].encode()
    assert check_proof(RAW[1], parse_proof(proof), log).entry.position == 2
    for at in range(len(proof)):
        with pytest.raises(UnsoundError):
            check_proof(
                RAW[1], parse_proof(proof[:at] + bytes([proof[at] ^ 1]) + proof[at + 1 :]), log
            )


def test_the_notes_of_others_are_read() -> None:
    """The known note of the signed-note specification verifies with its key."""
    vkey = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
    signature = (
        "Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYj"
        "OBH3mFXmRKuwHjG1Yu72IneyaQM="
    )
    key = TrustedKey.parse(vkey)
    raw = base64.b64decode(signature)
    assert raw[:4] == key.key_hash
    assert key.verify(b"This is an example message.\n", raw[4:])


def test_the_reference_tree_has_the_reference_roots() -> None:
    """The eight reference leaves give the published root at each size."""
    tree = Tree()
    roots = [tree.root().hex()]
    for leaf in REFERENCE_LEAVES:
        tree.extend([leaf_hash(bytes.fromhex(leaf))])
        roots.append(tree.root().hex())
    assert roots == REFERENCE_ROOTS


def test_trees_and_proofs_agree_with_the_recursive_definition_at_every_small_size() -> None:
    """Roots grown in uneven steps, and all inclusion proofs, up to 70 leaves."""
    leaves = [leaf_hash(bytes([number])) for number in range(70)]
    for size in range(1, 71):
        tree = Tree()
        tree.extend(leaves[: size // 3])
        tree.extend(leaves[size // 3 : size])
        wanted = root(leaves[:size])
        assert tree.root() == wanted
        for index in range(size):
            steps = path(index, leaves[:size])
            assert is_included(leaves[index], index, size, steps, wanted)
            assert not is_included(leaves[index], index, size, [*steps, wanted], wanted)
            assert not is_included(leaves[index], index ^ 1, size, steps, wanted) or size == 1
            assert not steps or not is_included(leaves[index], index, size, steps[:-1], wanted)


def test_consistency_agrees_with_the_recursive_definition_at_every_small_size() -> None:
    """Each pair of sizes up to 40: the proof holds, and nothing that was made of it does."""
    leaves = [leaf_hash(bytes([number])) for number in range(40)]
    roots = [root(leaves[:size]) for size in range(41)]
    for new in range(1, 41):
        for old in range(1, new + 1):
            steps = consistency(old, leaves[:new])
            assert is_consistent(old, new, roots[old], roots[new], steps)
            for wrong in (
                [*steps, roots[0]], [roots[0], *steps], steps[:-1] if steps else [roots[1]],
                steps[1:] if steps else [roots[1]], [step[:-1] for step in steps] or [b""],
                [*steps[:-1], bytes(32)] if steps else [bytes(32)],
            ):  # fmt: skip
                assert not is_consistent(old, new, roots[old], roots[new], wrong)
            assert not is_consistent(old, new, roots[0], roots[new], steps)
            assert not is_consistent(old, new, roots[old], roots[0], steps)
            if old != new:
                assert not is_consistent(new, old, roots[new], roots[old], steps)
    assert not is_consistent(0, 5, roots[0], roots[5], [])


def test_an_inner_node_does_not_pass_for_a_leaf() -> None:
    """An entry made of two hashes is not the node above them."""
    left, right = leaf_hash(b"a"), leaf_hash(b"b")
    top = root([left, right])
    for entry in (left + right, b"\x01" + left + right):
        assert not is_included(leaf_hash(entry), 0, 1, [], top)


A, B, C, D = (leaf_hash(letter) for letter in (b"a", b"b", b"c", b"d"))


@pytest.mark.parametrize(
    ("leaf", "index", "size", "steps", "top"),
    [
        (root([A, B]), 0, 4, [root([C, D])], root([A, B, C, D])),
        (root([C, D]), 3, 4, [root([A, B])], root([A, B, C, D])),
        (B, 1, 1, [A], root([A, B])), (D, -1, 1, [C, root([A, B])], root([A, B, C, D])),
        (A + B[:1], 0, 2, [B[1:]], root([A, B])), (A[:-1], 0, 2, [A[-1:] + B], root([A, B])),
    ],
)  # fmt: skip
def test_what_hashes_to_the_root_at_no_place_of_the_tree_is_not_included(
    leaf: bytes, index: int, size: int, steps: list[bytes], top: bytes
) -> None:
    """A path that is too short, an index that the tree has not, hashes cut elsewhere."""
    assert not is_included(leaf, index, size, steps, top)


@pytest.mark.parametrize(
    ("old", "new", "old_root", "new_root", "steps"),
    [
        (0, 0, root([]), root([]), []), (0, 2, root([]), root([A, B]), [A, B]),
        (-1, 1, A, A, [A]), (1, 2, A + B[:1], root([A, B]), [B[1:]]),
    ],
)  # fmt: skip
def test_what_hashes_to_both_roots_of_no_two_trees_is_not_consistent(
    old: int, new: int, old_root: bytes, new_root: bytes, steps: list[bytes]
) -> None:
    """Nothing is shown to begin with no entry; hashes cut elsewhere are none."""
    assert not is_consistent(old, new, old_root, new_root, steps)


def test_a_copy_of_a_tree_is_as_large_and_grows_apart() -> None:
    """From what both hold."""
    tree = Tree()
    tree.extend([A, B, C])
    other = tree.copy()
    other.extend([D])
    assert (tree.size, tree.root()) == (3, root([A, B, C]))
    assert (other.size, other.root()) == (4, root([A, B, C, D]))


LOG_KEY = Writer().log
FIELD = 2**255 - 19
ORDER_EIGHT = 2707385501144840649318225287225658788936804267575313519463743609750303021


def key_of(point: int) -> str:
    """The verifier key whose 32 bytes are this number."""
    key = Writer().log
    key._typed = b"\x01" + point.to_bytes(32, "little")
    key.hash = hashlib.sha256(key.name.encode() + b"\n" + key._typed).digest()[:4]
    return key.vkey


@pytest.mark.parametrize("sign", [0, 2**255])
@pytest.mark.parametrize(
    "point",
    [0, 1, FIELD - 1, ORDER_EIGHT, FIELD - ORDER_EIGHT, FIELD, FIELD + 1, 2**255 - 1],
)
def test_a_key_that_anybody_can_sign_for_is_not_believed(point: int, sign: int) -> None:
    """Points of small order and unreduced coordinates are refused as keys, of either sign."""
    with pytest.raises(UnsoundError, match="anybody"):
        TrustedKey.parse(key_of(point + sign))


@pytest.mark.parametrize("point", [2, FIELD - 2, ORDER_EIGHT + 1, FIELD - ORDER_EIGHT - 1])
def test_the_points_beside_those_are_keys_like_others(point: int) -> None:
    """Whether they lie on the curve is seen when they verify something."""
    assert TrustedKey.parse(key_of(point)).public == point.to_bytes(32, "little")


@pytest.mark.parametrize(
    ("vkey", "cause"),
    [
        (Key("a b", b"\1" * 32).vkey, "expected name"), (Key("", b"\1" * 32).vkey, "expected name"),
        (Key("a" * 233, b"\1" * 32).vkey, "expected name"),
        (LOG_KEY.vkey.replace(LOG_KEY.hash.hex(), "00000000"), "the hash in it"),
        (LOG_KEY.vkey.replace(LOG_KEY.hash.hex(), LOG_KEY.hash.hex().upper()), "the hash in it"),
        ("name+00000000+" + b64(b"\1" * 32), "not an Ed25519 key"),
        ("name+00000000+" + b64(b"\1" * 34), "not an Ed25519 key"),
        ("name+00000000+" + b64(b"\2" * 33), "not an Ed25519 key"),
    ],
)  # fmt: skip
def test_a_text_that_is_no_key_is_told_so(vkey: str, cause: str) -> None:
    """By name, hash, kind or length."""
    with pytest.raises(UnsoundError, match=cause):
        TrustedKey.parse(vkey)


def test_the_longest_name_is_one_and_a_key_is_written_as_it_was_read() -> None:
    """And a key of another length is none, however it comes."""
    longest = Key("a" * 232, b"\1" * 32).vkey
    assert TrustedKey.parse(longest).vkey == longest
    with pytest.raises(UnsoundError, match="not an Ed25519 key"):
        TrustedKey.of("name", b"\1" * 32)


def test_the_fingerprint_is_over_the_sorted_keys() -> None:
    """In whatever order they come."""
    writer = Writer()
    assert fingerprint_of(writer.vkeys) == fingerprint_of(writer.vkeys[::-1]) == writer.fingerprint


def test_without_its_library_no_key_is_believed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who verifies is told what is missing."""
    library = "cryptography.hazmat.primitives.asymmetric.ed25519"
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(MissingLibraryError, match="cryptography"):
        TrustedKey.parse(LOG_KEY.vkey)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'{"v":1', b'{"v":2'), (b'{"v":1', b'{"v":true'), (b'"pos":2', b'"pos":02'),
        (b'"pos":2', b'"pos":2.0'), (b'"pos":2', b'"pos":-2'), (b'"pos":2', b'"pos": 2'),
        (b'"pos":2', b'"pos":9223372036854775808'), (b'"sn":[1]', b'"sn":[1,1]'),
        (b'"sn":[1]', b'"sn":[0]'), (b'"pos":2', b'"pos":2,"pos":2'), (b"05.000001Z", b"05.0001Z"),
        (b"2026-01-01", b"2026-02-30"), (b'"tv":1', b'"tv":1e0'), (b"observed", b"believed"),
        (b"webhook", b"hearsay"), (b'"claims":null', b'"claims":"00"'),
        (b"commit:", b"commi\\u0074:"),
        (b'"tags":["c', b'"tags":["z'), (b'"parts"', b'"partz"'), (b"application/json", b"nothing"),
        (b'"len":263', b'"len":-1'), (b"wkl_", b"bot_"), (b'"name":"original"', b'"name":"event"'),
        (b'"v":1', b'"w":0,"v":1'), (b"commit.pushed", b"commit\tpushed"), (b"\n", b"\r\n"),
        (b"\n", b""), (b'"sig":[{', b'"sig":[],"x":[{'),
    ],
)  # fmt: skip
def test_another_spelling_of_an_entry_is_none(old: bytes, new: bytes) -> None:
    """Whatever a lenient reader would take is refused: one value has one spelling."""
    assert old in RAW[1]
    with pytest.raises(UnsoundError):
        parse_entry(RAW[1].replace(old, new, 1))
