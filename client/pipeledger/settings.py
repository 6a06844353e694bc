"""What the environment says, and where the client keeps what it must remember."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from pipeledger.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

DEFAULT_LEDGER = "default"
DEFAULT_SPOOL_MB = 1024
DEFAULT_TIMEOUT_S = 30.0
_LEDGER = re.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,62}")
_HOST = re.compile(
    r"(\[[0-9A-Fa-f:]+\]|[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?)(:[0-9]{1,5})?(/[!-\"$->@-~]*)?"
)
_YES = frozenset({"1", "true", "yes", "on"})


@dataclass(frozen=True)
class Settings:
    """Settings of one run of the command.

    Attributes:
        url: where the ledger is, without slash at the end, or nothing.
        ledger: its name there.
        token: secret; sent to `url` only, and shown nowhere.
        key: file of the key that events are signed with, or None.
        source: the CloudEvents source of events, or nothing.
        spool: folder where events wait.
        spool_limit: largest size of that folder, in bytes.
        strict: a failed delivery fails the job.
        timeout_s: longest wait for one answer, in seconds.
        config: folder of the trust store.
        state: folder of what the client remembers.
        plain_http: the token may travel without https.
    """

    url: str
    ledger: str
    token: str
    key: Path | None
    source: str
    spool: Path
    spool_limit: int
    strict: bool
    timeout_s: float
    config: Path
    state: Path
    plain_http: bool = False

    @classmethod
    def read(cls, environment: Mapping[str, str]) -> Settings:
        """The settings of these environment variables.

        Raises:
            UsageError: one of them is wrong.
        """
        url, in_url = split_url(environment.get("PIPELEDGER_URL", ""), "PIPELEDGER_URL")
        ledger = environment.get("PIPELEDGER_LEDGER") or in_url or DEFAULT_LEDGER
        if _LEDGER.fullmatch(ledger) is None:
            raise UsageError("PIPELEDGER_LEDGER: expected a name such as default")
        state = _folder(environment, "XDG_STATE_HOME", ".local/state")
        spool = environment.get("PIPELEDGER_SPOOL")
        key = environment.get("PIPELEDGER_KEY")
        token = environment.get("PIPELEDGER_TOKEN", "").strip()
        if not token.isascii() or not token.isprintable() or " " in token:
            raise UsageError("PIPELEDGER_TOKEN: holds characters that no token has")
        return cls(
            url=url,
            ledger=ledger,
            token=token,
            key=Path(key) if key else None,
            source=environment.get("PIPELEDGER_SOURCE", ""),
            spool=Path(spool) if spool else state / "spool",
            spool_limit=_megabytes(environment),
            strict=environment.get("PIPELEDGER_STRICT", "").lower() in _YES,
            timeout_s=_seconds(environment),
            config=_folder(environment, "XDG_CONFIG_HOME", ".config"),
            state=state,
            plain_http=environment.get("PIPELEDGER_PLAIN_HTTP", "").lower() in _YES,
        )

    @property
    def mark(self) -> str:
        """Tells one token from another without telling the token (it has 256 random bits)."""
        if not self.token:
            return ""
        return sha256(b"pipeledger/spool/v1\0" + self.token.encode()).hexdigest()[:16]


def split_url(text: str, place: str) -> tuple[str, str]:
    """An address without slash at the end, and the ledger's name if it names one.

    Raises:
        UsageError: not an address of http or https, or with a name and password in it.
    """
    text = text.strip().rstrip("/")
    if not text:
        return "", ""
    match = re.fullmatch(r"(https?://[^/?#@\s]+(?:/[^?#\s]*?)??)(?:/v1/([^/?#\s]+))?", text)
    if match is None or not text.isascii():
        if meant := with_scheme(text):
            raise UsageError(f"{place}: an address begins with its scheme: {meant}")
        raise UsageError(f"{place}: expected an address such as https://ledger.example")
    return match[1].rstrip("/"), match[2] or ""


def with_scheme(text: str) -> str:
    """The address that a host without a scheme stands for, or nothing where it is no host."""
    match = _HOST.fullmatch(text)
    if match is None:
        return ""
    own = match[1] in ("localhost", "[::1]") or match[1].startswith("127.")
    return f"{'http' if own else 'https'}://{text}"


def names_host(text: str) -> bool:
    """Whether it can hardly be meant as a file: a host with a port, or a ledger's address."""
    match = _HOST.fullmatch(text)
    return match is not None and (
        match[1] == "localhost" or bool(match[2]) or "/v1/" in f"{match[3] or ''}/"
    )


def _folder(environment: Mapping[str, str], variable: str, beneath: str) -> Path:
    said = environment.get(variable) or environment.get("LOCALAPPDATA" if os.name == "nt" else "")
    if said and Path(said).is_absolute():
        return Path(said) / "pipeledger"
    try:
        return Path.home() / beneath / "pipeledger"
    except RuntimeError as error:
        raise UsageError(f"no home folder is known: set {variable}") from error


def _megabytes(environment: Mapping[str, str]) -> int:
    said = environment.get("PIPELEDGER_SPOOL_MB") or str(DEFAULT_SPOOL_MB)
    if re.fullmatch("[0-9]{1,9}", said) is None:
        raise UsageError("PIPELEDGER_SPOOL_MB: expected a number of megabytes")
    return int(said) * 1_000_000


def _seconds(environment: Mapping[str, str]) -> float:
    said = environment.get("PIPELEDGER_TIMEOUT") or str(DEFAULT_TIMEOUT_S)
    if re.fullmatch(r"[0-9]{1,6}(\.[0-9]{1,3})?", said) is None or not float(said):
        raise UsageError("PIPELEDGER_TIMEOUT: expected a number of seconds")
    return float(said)
