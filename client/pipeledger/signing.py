"""Signs events with the emitter's own key, as DSSE envelopes.

The event names the ledger it is meant for (`pipeledgerorigin`), so that a signed event cannot be
replayed into another ledger. That name comes from the trust store; where nothing is trusted yet,
from the ledger itself.
"""

from __future__ import annotations

import base64
import json
from hashlib import sha256
from typing import TYPE_CHECKING

from pipeledger.errors import AwayError, ClientError, UsageError
from pipeledger.event import CONTENT_TYPE

if TYPE_CHECKING:
    from pathlib import Path

    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from pipeledger.transport import Transport

ENVELOPE_TYPE = "application/vnd.dsse.envelope.v1+json"
ORIGIN_ATTRIBUTE = "pipeledgerorigin"
MAX_KEY_FILE = 65_536


class EventSigner:
    """The emitter's key.

    Attributes:
        key_id: `sha256:` and SHA-256 of the public key's DER, as ledgers name emitters' keys.
    """

    def __init__(self, private: Ed25519PrivateKey) -> None:
        from cryptography.hazmat.primitives.serialization import (  # noqa: PLC0415 - slow to import
            Encoding,
            PublicFormat,
        )

        self._private = private
        der = private.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        self.key_id = f"sha256:{sha256(der).hexdigest()}"

    @classmethod
    def load(cls, file: Path) -> EventSigner:
        """The key of a PEM file (PKCS 8, Ed25519, no passphrase).

        Raises:
            UsageError: not such a file.
        """
        from cryptography.exceptions import UnsupportedAlgorithm  # noqa: PLC0415 - slow to import
        from cryptography.hazmat.primitives.asymmetric.ed25519 import (  # noqa: PLC0415 - slow
            Ed25519PrivateKey,
        )
        from cryptography.hazmat.primitives.serialization import (  # noqa: PLC0415 - slow to import
            load_pem_private_key,
        )

        try:
            with file.open("rb") as stream:
                raw = stream.read(MAX_KEY_FILE)
            key = load_pem_private_key(raw, password=None)
        except OSError as error:
            raise UsageError(f"PIPELEDGER_KEY: {error.strerror}") from error
        except (ValueError, TypeError, UnsupportedAlgorithm) as error:
            raise UsageError("PIPELEDGER_KEY: no private key in PEM without passphrase") from error
        if not isinstance(key, Ed25519PrivateKey):
            raise UsageError("PIPELEDGER_KEY: expected an Ed25519 key")
        return cls(key)

    def envelope(self, event: bytes, origin: str) -> bytes:
        """The envelope of an event for one ledger, on one line.

        Raises:
            ClientError: the event already names another ledger, or is none.
        """
        try:
            fields = json.loads(event)
            data = fields.pop("data")
            named = fields.setdefault(ORIGIN_ATTRIBUTE, origin)
            payload = json.dumps(
                {**fields, "data": data}, ensure_ascii=False, separators=(",", ":")
            ).encode()
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise ClientError("what is to be signed is no event") from error
        if named != origin:
            raise ClientError("the event names another ledger")
        kind = CONTENT_TYPE.encode()
        message = b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)
        signature = base64.b64encode(self._private.sign(message)).decode()
        return json.dumps(
            {
                "payloadType": CONTENT_TYPE,
                "payload": base64.b64encode(payload).decode(),
                "signatures": [{"keyid": self.key_id, "sig": signature}],
            },
            separators=(",", ":"),
        ).encode()


def stated_origin(transport: Transport) -> str:
    """The origin that a ledger itself states.

    Raises:
        AwayError: it does not answer with one.
    """
    answer = transport.request("GET", "log/keys")
    origin = answer.object().get("origin") if answer.status == 200 else None  # noqa: PLR2004 - OK
    if not isinstance(origin, str) or not 0 < len(origin) <= 100:  # noqa: PLR2004 - longest origin
        raise AwayError("the ledger does not say its origin")
    return origin
