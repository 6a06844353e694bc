"""What the environment says, and where the client keeps its files."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pipeledger.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class Settings:
    """The client's settings.

    Attributes:
        url: the server, or None.
        ledger: name of the ledger there.
        token: API token, or None; never shown.
        strict: a delivery that fails is a failure of the command.
        spool: folder of events that wait.
        trusted: folder of pinned keys.
    """

    url: str | None
    ledger: str
    token: str | None
    strict: bool
    spool: Path
    trusted: Path

    @classmethod
    def read(cls, environment: Mapping[str, str]) -> Settings:
        """The settings of an environment."""
        home = Path(environment.get("HOME") or os.path.expanduser("~"))  # noqa: PTH111 - also where HOME is unset
        state = Path(environment.get("XDG_STATE_HOME") or home / ".local" / "state")
        config = Path(environment.get("XDG_CONFIG_HOME") or home / ".config")
        return cls(
            url=(environment.get("PIPELEDGER_URL") or "").rstrip("/") or None,
            ledger=environment.get("PIPELEDGER_LEDGER") or "default",
            token=environment.get("PIPELEDGER_TOKEN") or None,
            strict=environment.get("PIPELEDGER_STRICT", "") not in ("", "0"),
            spool=Path(environment.get("PIPELEDGER_SPOOL") or state / "pipeledger" / "spool"),
            trusted=config / "pipeledger" / "trust",
        )

    @property
    def base(self) -> str:
        """The address of the ledger's resources.

        Raises:
            ConfigurationError: no server is named.
        """
        if self.url is None:
            raise ConfigurationError("PIPELEDGER_URL is not set; `serve` prints it")
        return ledger_address(self.url, self.ledger)


def ledger_address(url: str, ledger: str) -> str:
    """The address of a ledger's resources on a server."""
    return f"{url.rstrip('/')}/v1/{ledger}"
