"""Known answers of the entry format: one small ledger, made apart from the product.

Go's sumdb packages (note, tlog) accept its checkpoint and proof. Keys are Ed25519 from fixed
seeds; salts are one byte repeated. The values are not to be changed: whoever wrote a ledger in
this format must find it verified.
"""

from __future__ import annotations

from base64 import b64decode
from dataclasses import dataclass

from domain.draft import Draft, SealedPart
from domain.log.by import By
from domain.log.key import SigningKey
from domain.log.part import Part

ORIGIN = "pipeledger.example/acme"
INTAKE = SigningKey(f"{ORIGIN}/intake", bytes([1]) * 32)
SECOND_INTAKE = SigningKey(f"{ORIGIN}/intake", bytes([3]) * 32)
LOG = SigningKey(ORIGIN, bytes([2]) * 32)

INTAKE_VKEY = "pipeledger.example/acme/intake+b38d76f4+AYqI4910CfGV/VLbLTy6XXLKZwm/HZQSG/N0iAG0D29c"
SECOND_INTAKE_VKEY = (
    "pipeledger.example/acme/intake+b478008f+Ae1JKMYo0cLG6ukDOJBZlWEpWSc6XGP5NjbBRhSshzfR"
)
LOG_VKEY = "pipeledger.example/acme+485c432a+AYE5dw6ofRdfVqNUZsNMfszLjYqRtO43ol32D1uPybOU"
GENESIS_PREV = "c16712df62cc964525f6b139cd5e79f0f728056af43dffadd079febba55cf8ad"
ROOT = "afba40ccfb3beef2341efc5ae152743de6f8b05947258fccd0488147fb5cc0f4"
CHECKPOINT = (
    "pipeledger.example/acme\n"
    "4\n"
    "r7pAzPs77vI0Hvxa4VJ0Peb4sFlHJY/M0EiBR/tcwPQ=\n"
    "\n"
    "— pipeledger.example/acme SFxDKooQuNoi6qLbDOm2j37LIJR4kgtBAWsOO2IYAH7PlZuW6lDTFR57KQAlLklh"
    "fCPqVgWGkm44WSmIXG2Qmg7gegw=\n"
)
PROOF_OF_POSITION_2 = (
    "c2sp.org/tlog-proof@v1\n"
    "index 1\n"
    "D1CyIvDkBX9GfgU7fqeDyvAOn1+9cCwkM9AdI5tSCGI=\n"
    "0wzxko7HnERV5BbNtuDaIZe3T0lLqMMp/ISWri+PxiU=\n"
    "\n"
    "pipeledger.example/acme\n"
    "4\n"
    "r7pAzPs77vI0Hvxa4VJ0Peb4sFlHJY/M0EiBR/tcwPQ=\n"
    "\n"
    "— pipeledger.example/acme SFxDKooQuNoi6qLbDOm2j37LIJR4kgtBAWsOO2IYAH7PlZuW6lDTFR57KQAlLklh"
    "fCPqVgWGkm44WSmIXG2Qmg7gegw=\n"
)


@dataclass(frozen=True)
class KnownEntry:
    """A draft and the entry it became.

    Attributes:
        draft: what was handed to the log.
        at: when it was sequenced.
        stream_numbers: its number in each stream.
        keys: who signed.
        seq: the first line.
        ctx: the second line.
        leaf: leaf hash in hexadecimal digits.
    """

    draft: Draft
    at: str
    stream_numbers: tuple[int, ...]
    keys: tuple[SigningKey, ...]
    seq: str
    ctx: str
    leaf: str

    @property
    def raw(self) -> bytes:
        """The entry's bytes."""
        return f"{self.seq}\n{self.ctx}".encode()


def _salt(digits: str) -> bytes:
    return bytes.fromhex(digits) * 32


def _event(digits: str, text: str) -> Part:
    return Part("event", "application/cloudevents+json", text.encode(), _salt(digits))


def _part(name: str, media_type: str, digits: str, encoded: str) -> SealedPart:
    return SealedPart(Part(name, media_type, b64decode(encoded), _salt(digits)))


_A = "wkl_" + 32 * "a"
_B = "crd_" + 32 * "b"
_C = 40 * "c"
_D = "sha256:" + 64 * "d"
_STREAMS = ("deployment/c19d64f6414b7226.d-1", "line/checkout@production")
_TAGS = (f"artifact:{_D}", f"commit:{_C}", "environment:production", "service:checkout")

_CLAIMS = _part(
    "claims",
    "application/json",
    "17",
    (
        "eyJpc3MiOiJodHRwczovL3Rva2VuLmV4YW1wbGUiLCJzdWIiOiJyZXBvOmFjbWUvY2hlY2tvdXQ6ZW52aXJvbm1lbn"
        "Q6cHJvZHVjdGlvbiIsImF1ZCI6InBpcGVsZWRnZXIuZXhhbXBsZS9hY21lIn0="
    ),
)

_ENTRY_1 = KnownEntry(
    draft=Draft(
        type="pipeledger.ledger.created",
        version=1,
        assurance="decided",
        by=By("wkl_" + 32 * "0", "crd_" + 32 * "0", "server"),
        streams=("ledger",),
        tags=(),
        event=_event(
            "10",
            (
                '{"specversion":"1.0","id":"01","source":"pipeledger.example/acme","type":"pipeledg'
                'er.ledger.created.v1","time":"2026-01-01T00:00:00Z","data":{"origin":"pipeledger.e'
                'xample/acme","hash":"sha-256","format":1,"keys":["pipeledger.example/acme/intake+b'
                '38d76f4+AYqI4910CfGV/VLbLTy6XXLKZwm/HZQSG/N0iAG0D29c","pipeledger.example/acme+485'
                'c432a+AYE5dw6ofRdfVqNUZsNMfszLjYqRtO43ol32D1uPybOU"]}}'
            ),
        ),
        parts=(),
        claims=None,
    ),
    at="2026-01-01T00:00:00.000000Z",
    stream_numbers=(1,),
    keys=(INTAKE,),
    seq=(
        '{"v":1,"prev":"c16712df62cc964525f6b139cd5e79f0f728056af43dffadd079febba55cf8ad","pos"'
        ':1,"at":"2026-01-01T00:00:00.000000Z","sn":[1],"sig":[{"k":"pipeledger.example/acme/in'
        'take+b38d76f4","s":"op4t/JqxrEoxMUkx1kblf0aUjeYKFcyrUohiYlo+Gli7TSLFqthWD++IClzWzxCFJf'
        'X3Nmn7TpIKsvqrt4ePBg=="}]}'
    ),
    ctx=(
        '{"o":"pipeledger.example/acme","type":"pipeledger.ledger.created","tv":1,"as":"decided'
        '","by":{"p":"wkl_00000000000000000000000000000000","cred":"crd_00000000000000000000000'
        '000000000","how":"server","claims":null},"streams":["ledger"],"tags":[],"event":{"len"'
        ':382,"c":"c177040950f6831a9ef6a1820e17f88d0957ef0d0835db2efa8937f8d71580bd"},"parts":['
        "]}"
    ),
    leaf="0f50b222f0e4057f467e053b7ea783caf00e9f5fbd702c2433d01d239b520862",
)

_ENTRY_2 = KnownEntry(
    draft=Draft(
        type="pipeledger.commit.pushed",
        version=1,
        assurance="observed",
        by=By(_A, _B, "webhook"),
        streams=(f"commit/{_C}",),
        tags=(f"commit:{_C}", "repository:https://code.example/acme/checkout"),
        event=_event(
            "11",
            (
                '{"specversion":"1.0","id":"evt-1","source":"https://code.example/acme/checkout","t'
                'ype":"pipeledger.commit.pushed.v1","time":"2026-01-01T10:00:00+01:00","data":{"rep'
                'ository":"https://code.example/acme/checkout","commit":"cccccccccccccccccccccccccc'
                'cccccccccccccc"}}'
            ),
        ),
        parts=(
            _part(
                "original",
                "application/json",
                "12",
                "eyJyZWYiOiJyZWZzL2hlYWRzL21haW4iLCJub3RlIjoiR3LDvMOfZSJ9",
            ),
        ),
        claims=None,
    ),
    at="2026-01-01T09:00:05.000001Z",
    stream_numbers=(1,),
    keys=(INTAKE,),
    seq=(
        '{"v":1,"prev":"0f50b222f0e4057f467e053b7ea783caf00e9f5fbd702c2433d01d239b520862","pos"'
        ':2,"at":"2026-01-01T09:00:05.000001Z","sn":[1],"sig":[{"k":"pipeledger.example/acme/in'
        'take+b38d76f4","s":"9sCnbG32L1+ZIxxrcAuDoqOJidGqPKGneFcj1Zqbh4CCHmP0k0d+Qi1EQWX5W1wOeG'
        'Jr+xqKbgDeTnSCSiQTDw=="}]}'
    ),
    ctx=(
        '{"o":"pipeledger.example/acme","type":"pipeledger.commit.pushed","tv":1,"as":"observed'
        '","by":{"p":"wkl_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa","cred":"crd_bbbbbbbbbbbbbbbbbbbbbbb'
        'bbbbbbbbb","how":"webhook","claims":null},"streams":["commit/ccccccccccccccccccccccccc'
        'ccccccccccccccc"],"tags":["commit:cccccccccccccccccccccccccccccccccccccccc","repositor'
        'y:https://code.example/acme/checkout"],"event":{"len":263,"c":"1287fc5d4ee2688b297c5da'
        '6dc1a552687f53dcb4295008b9ebc6922c8a00d6d"},"parts":[{"name":"original","ct":"applicat'
        'ion/json","len":42,"c":"0ab25171d9d20326402cfbf3b9440ab3f9143b4e384ff10b1978265892ab9a'
        '53"}]}'
    ),
    leaf="4c972817a04aa747a0dc01ac738277935489067bcc881f5eeb985545d09a4aa6",
)

_ENTRY_3 = KnownEntry(
    draft=Draft(
        type="pipeledger.deployment.started",
        version=1,
        assurance="asserted",
        by=By(_A, _B, "oidc"),
        streams=_STREAMS,
        tags=_TAGS,
        event=_event(
            "13",
            (
                '{"specversion":"1.0","id":"evt-2","source":"https://ci.example/acme/checkout","typ'
                'e":"pipeledger.deployment.started.v1","time":"2026-01-01T10:59:00Z","data":{"deplo'
                'yment":"d-1","service":"checkout","environment":"production","kind":"planned","com'
                'mit":"cccccccccccccccccccccccccccccccccccccccc","artifact":{"digest":"sha256:ddddd'
                'ddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd"}}}'
            ),
        ),
        parts=(),
        claims=None,
    ),
    at="2026-01-01T10:59:00.250000Z",
    stream_numbers=(
        1,
        1,
    ),
    keys=(INTAKE,),
    seq=(
        '{"v":1,"prev":"4c972817a04aa747a0dc01ac738277935489067bcc881f5eeb985545d09a4aa6","pos"'
        ':3,"at":"2026-01-01T10:59:00.250000Z","sn":[1,1],"sig":[{"k":"pipeledger.example/acme/'
        'intake+b38d76f4","s":"709LXaDEQafLGqIqhtd5q1bqdf7azIFBgSaHsZlgM0Ml5vb55pMazGRZuveUzbpx'
        'c6cHdt+Y1T4D3uvkOM5aCQ=="}]}'
    ),
    ctx=(
        '{"o":"pipeledger.example/acme","type":"pipeledger.deployment.started","tv":1,"as":"ass'
        'erted","by":{"p":"wkl_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa","cred":"crd_bbbbbbbbbbbbbbbbbb'
        'bbbbbbbbbbbbbb","how":"oidc","claims":null},"streams":["deployment/c19d64f6414b7226.d-'
        '1","line/checkout@production"],"tags":["artifact:sha256:dddddddddddddddddddddddddddddd'
        'dddddddddddddddddddddddddddddddddd","commit:cccccccccccccccccccccccccccccccccccccccc",'
        '"environment:production","service:checkout"],"event":{"len":391,"c":"c6a57064d424edc1b'
        '8d4d264cd4416bfe77728280db2180049d93ac14c3af9d2"},"parts":[]}'
    ),
    leaf="21ed40cc76ea4e9f670f813d250963080d6b0a27923d4688552bf0256cb48406",
)

_ENTRY_4 = KnownEntry(
    draft=Draft(
        type="pipeledger.deployment.finished",
        version=1,
        assurance="asserted",
        by=By(_A, _B, "oidc", _CLAIMS.part.commitment),
        streams=_STREAMS,
        tags=_TAGS,
        event=_event(
            "14",
            (
                '{"specversion":"1.0","id":"evt-3","source":"https://ci.example/acme/checkout","typ'
                'e":"pipeledger.deployment.finished.v1","time":"2026-01-01T11:00:00Z","data":{"depl'
                'oyment":"d-1","service":"checkout","environment":"production","outcome":"success",'
                '"kind":"planned","commit":"cccccccccccccccccccccccccccccccccccccccc","artifact":{"'
                'digest":"sha256:dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd"}'
                "}}"
            ),
        ),
        parts=(
            _part(
                "original",
                "application/vnd.dsse.envelope.v1+json",
                "16",
                (
                    "eyJwYXlsb2FkVHlwZSI6ImFwcGxpY2F0aW9uL2Nsb3VkZXZlbnRzK2pzb24iLCJwYXlsb2FkIjoiZT"
                    "MwPSIsInNpZ25hdHVyZXMiOltdfQ=="
                ),
            ),
            _part("text", "text/plain", "15", "R3LDtsOfZSBhbmdlcGFzc3Q="),
        ),
        claims=_CLAIMS,
    ),
    at="2026-01-01T11:00:00.250001Z",
    stream_numbers=(
        2,
        2,
    ),
    keys=(INTAKE, SECOND_INTAKE),
    seq=(
        '{"v":1,"prev":"21ed40cc76ea4e9f670f813d250963080d6b0a27923d4688552bf0256cb48406","pos"'
        ':4,"at":"2026-01-01T11:00:00.250001Z","sn":[2,2],"sig":[{"k":"pipeledger.example/acme/'
        'intake+b38d76f4","s":"XVUuF8rMBjFkAk/3b43he4SyDIeaSSIGQpwf5CRdBGP3EDK3Hf5+WKDaeh0IjAx+'
        'S9O5a/Dkt8g+qoKz20bcDw=="},{"k":"pipeledger.example/acme/intake+b478008f","s":"Q5rtoPv'
        'A42QbFE8A2NMKFi9kfoxz+kIqweUOtbDcmxK0bmnDeVy1pkGxcgZA3DH6gh5O7gpfXnpEQUhWG6ujCA=="}]}'
    ),
    ctx=(
        '{"o":"pipeledger.example/acme","type":"pipeledger.deployment.finished","tv":1,"as":"as'
        'serted","by":{"p":"wkl_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa","cred":"crd_bbbbbbbbbbbbbbbbb'
        'bbbbbbbbbbbbbbb","how":"oidc","claims":"ee928758bfab333296bbe09b17526e935007a98ad59a60'
        '37be56c80bb4bd1df6"},"streams":["deployment/c19d64f6414b7226.d-1","line/checkout@produ'
        'ction"],"tags":["artifact:sha256:ddddddddddddddddddddddddddddddddddddddddddddddddddddd'
        'ddddddddddd","commit:cccccccccccccccccccccccccccccccccccccccc","environment:production'
        '","service:checkout"],"event":{"len":412,"c":"ee65662bc6f50fdd5b0c4e11316af5c2bc5298ea'
        'bd301e81bb36c88d33c15f4b"},"parts":[{"name":"original","ct":"application/vnd.dsse.enve'
        'lope.v1+json","len":79,"c":"57d012a15af1a499c2394955c7f957960856334dc0bfaa29278f0ed91e'
        '4cceb4"},{"name":"text","ct":"text/plain","len":17,"c":"682194d5ea2a9081caebbb054b102a'
        'c5e919c690d1311eef32f31e86fa5c152d"}]}'
    ),
    leaf="b086e08fa55f10bfb43a3cf932973dc25c9d2ec932837513ef5164212791fa53",
)

ENTRIES = (_ENTRY_1, _ENTRY_2, _ENTRY_3, _ENTRY_4)
