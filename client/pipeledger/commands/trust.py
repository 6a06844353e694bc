"""`pipeledger trust`: whose keys are believed."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import TYPE_CHECKING

from pipeledger.commands.common import parser_of, say, settings_of, warn
from pipeledger.errors import ClientError, UsageError
from pipeledger.settings import DEFAULT_LEDGER, split_url

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from pipeledger.settings import Settings

_EPILOG = """\
The fingerprint is what the server printed at its start; get it from whoever runs it, not over the
same wire.

  pipeledger trust add https://ledger.example --fingerprint sha256:2c26b46b...
"""


def main(words: Sequence[str]) -> int:
    """Add to or list the trust store; the exit status."""
    parser = parser_of("trust", "Choose whose keys are believed.", _EPILOG)
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="add|list")
    add = verbs.add_parser("add", help="believe the keys of a ledger", allow_abbrev=False)
    add.add_argument("url", metavar="URL")
    add.add_argument("--fingerprint", required=True, metavar="sha256:HEX")
    add.add_argument("--ledger", default="", help="name of the ledger there (default)")
    listing = verbs.add_parser("list", help="show what is believed", allow_abbrev=False)
    listing.add_argument("--json", action="store_true")
    options = parser.parse_args(list(words))
    settings = settings_of(options)
    return _add(options, settings) if options.verb == "add" else _list(options, settings)


def _add(options: argparse.Namespace, settings: Settings) -> int:
    from pipeledger.trusting import TrustStore  # noqa: PLC0415 - brings cryptography
    from pipeledger.verifier.key import fingerprint_of  # noqa: PLC0415 - as above
    from pipeledger.verifier.trust import trusted_log  # noqa: PLC0415 - as above
    from pipeledger.verifier.wire import VerifierError  # noqa: PLC0415 - as above

    wanted = options.fingerprint.lower()
    if re.fullmatch("sha256:[0-9a-f]{64}", wanted) is None:
        raise UsageError("--fingerprint: expected sha256: and 64 hexadecimal digits")
    url, ledger = address_of(options.url, options.ledger, settings)
    vkeys = fetch_keys(url, ledger, settings)
    found = fingerprint_of(vkeys)
    if found != wanted:
        warn(f"not trusted: {url} has the fingerprint {found}, not {wanted}")
        return 1
    try:
        store = TrustStore(settings.config)
        log = trusted_log(vkeys, url=url, ledger=ledger)
        for before in store.logs():
            if before.origin == log.origin:
                # New keys or a new address of a ledger that is known: what was seen of it still
                # binds it, and so does the end of a key that its own entries told.
                known = {key.vkey: key for key in before.keys}
                keys = tuple(known.get(key.vkey, key) for key in log.keys)
                log = replace(log, keys=keys, seen=before.seen)
        store.put(log)
    except VerifierError as error:
        raise ClientError(f"not trusted: {error}") from error
    say(f"trusted: {log.origin} at {url}, ledger {ledger}")
    for key in log.keys:
        say(f"  {key.key_id}")
    return 0


def _list(options: argparse.Namespace, settings: Settings) -> int:
    from pipeledger.trusting import TrustStore  # noqa: PLC0415 - brings cryptography
    from pipeledger.verifier.key import fingerprint_of  # noqa: PLC0415 - as above
    from pipeledger.verifier.wire import VerifierError  # noqa: PLC0415 - as above

    try:
        logs = TrustStore(settings.config).logs()
    except VerifierError as error:
        raise ClientError(str(error)) from error
    if options.json:
        rows = [
            {"origin": log.origin, "url": log.url, "ledger": log.ledger,
             "keys": [key.vkey for key in log.keys],
             "fingerprint": fingerprint_of(key.vkey for key in log.keys),
             "seen": None if log.seen is None else log.seen.size}
            for log in logs
        ]  # fmt: skip
        say(json.dumps(rows))
        return 0
    if not logs:
        say("nothing is trusted yet: pipeledger trust add URL --fingerprint FINGERPRINT")
    for log in logs:
        say(log.origin)
        say(f"  {log.url}, ledger {log.ledger}")
        say(f"  {fingerprint_of(key.vkey for key in log.keys)}")
        if log.seen is not None:
            say(f"  seen up to position {log.seen.size}")
    return 0


def address_of(url: str, ledger: str, settings: Settings) -> tuple[str, str]:
    """Address and name of a ledger, from a URL that may end in `/v1/NAME`.

    Raises:
        UsageError: no such URL.
    """
    place, named = split_url(url, "URL")
    if not place:
        raise UsageError("URL: expected an address such as https://ledger.example")
    same = place == settings.url
    return place, ledger or named or (settings.ledger if same else DEFAULT_LEDGER)


def fetch_keys(url: str, ledger: str, settings: Settings) -> list[str]:
    """The verifier keys that a ledger states; they prove nothing by themselves.

    Raises:
        AwayError: it does not answer with keys.
        ClientError: it refuses.
    """
    from pipeledger.transport import Transport, refusal  # noqa: PLC0415 - brings urllib3

    answer = Transport(url, ledger, settings).request("GET", "log/keys", limit=1_000_000)
    if answer.status != 200:  # noqa: PLR2004 - OK
        raise refusal(answer)
    keys = answer.object().get("keys")
    if not isinstance(keys, list) or not all(isinstance(key, str) for key in keys) or not keys:
        raise ClientError("what answered is no ledger: it states no keys")
    return keys
