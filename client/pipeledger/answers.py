"""Answers of a ledger about the past: asked for, looked at, and held against the pinned keys."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pipeledger.errors import AwayError, ClientError, UsageError
from pipeledger.transport import Transport, refusal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pipeledger.settings import Settings
    from pipeledger.web import Answer as WebAnswer

FORMAT = "pipeledger/answer/v1"
JSON = "application/json"
CSV = "text/csv"


@dataclass(frozen=True)
class Answer:
    """What a ledger said.

    Attributes:
        raw: its bytes, to be kept and verified.
        proof: on what it was given.
        tables: rows by the name of their table.
        empty: why there is no row and what to run, or empty.
        more: there are more rows than were asked for.
    """

    raw: bytes
    proof: dict[str, Any]
    tables: dict[str, list[dict[str, Any]]]
    empty: dict[str, str] = field(default_factory=dict)
    more: bool = False

    @property
    def parameters(self) -> dict[str, Any]:
        """The parameters that it was given with."""
        found = self.proof.get("parameters")
        return found if isinstance(found, dict) else {}


def ask(settings: Settings, path: str, query: Mapping[str, str]) -> Answer:
    """Ask a ledger about the past.

    Raises:
        UsageError: no address is set.
        AwayError: it does not answer, or not like a ledger.
        ClientError: it refuses.
    """
    got = fetch(settings, path, query, JSON)
    return read_answer(got.body, more='rel="next"' in got.headers.get("link", ""))


def fetch(
    settings: Settings, path: str, query: Mapping[str, str | Sequence[str]], media: str
) -> WebAnswer:
    """The bytes of an answer in one of the forms on offer.

    Raises:
        UsageError: no address is set.
        AwayError: it does not answer.
        ClientError: it refuses.
    """
    if not settings.url:
        raise UsageError("PIPELEDGER_URL is not set")
    transport = Transport(settings.url, settings.ledger, settings)
    got = transport.request("GET", path, query=query, headers={"Accept": media})
    if got.status != 200:  # noqa: PLR2004 - OK
        raise refusal(got)
    return got


def read_answer(raw: bytes, *, more: bool = False) -> Answer:
    """The answer in these bytes.

    Raises:
        AwayError: there is none in them: whatever said this is no ledger.
    """
    try:
        said = json.loads(raw)
    except (ValueError, RecursionError):
        said = None
    proof = said.get("proof") if isinstance(said, dict) else None
    tables = said.get("tables") if isinstance(said, dict) else None
    if (
        not isinstance(said, dict)
        or not isinstance(proof, dict)
        or proof.get("format") != FORMAT
        or not isinstance(tables, dict)
        or not all(_is_rows(rows) for rows in tables.values())
    ):
        raise AwayError("what answered is no ledger: its answer is none about the past")
    told = said.get("empty")
    empty = {key: str(value) for key, value in told.items()} if isinstance(told, dict) else {}
    return Answer(raw, proof, tables, empty, more)


def proof_lines(answer: Answer, settings: Settings) -> list[str]:
    """On what an answer was given, for people; its checkpoint is held against the pinned keys.

    Raises:
        ClientError: the checkpoint is not the ledger's, or not of what the answer speaks of.
    """
    from pipeledger.trusting import TrustStore  # noqa: PLC0415 - brings cryptography
    from pipeledger.verifier.answer import check_stated  # noqa: PLC0415 - as above
    from pipeledger.verifier.wire import UncheckedError, UnsoundError  # noqa: PLC0415 - as above

    proof = answer.proof
    definitions = proof.get("definitions")
    digest = definitions.get("digest") if isinstance(definitions, dict) else None
    lines = [
        f"as of position {proof.get('position')} of {proof.get('origin')}",
        f"root {proof.get('root')}",
        f"definitions {digest}",
    ]
    try:
        log = TrustStore(settings.config).of_address(settings.url, settings.ledger)
        if log is None:
            return [*lines, "not checked: no key is trusted for this ledger (pipeledger trust add)"]
        check_stated(proof, [log])
    except UnsoundError as error:
        raise ClientError(f"do not believe this answer: {error}") from error
    except UncheckedError as error:
        return [*lines, f"not checked: {error.reason}"]
    return [*lines, "checkpoint signed by the key that is pinned; numbers: verify --recompute"]


def _is_rows(rows: Any) -> bool:  # noqa: ANN401 - JSON
    return isinstance(rows, list) and all(isinstance(row, dict) for row in rows)
