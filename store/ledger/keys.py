"""The ledger's own keys: who signs contexts, who signs checkpoints.

The public halves that are trusted come from the ledger's first entry on; the private halves are
files of mode 0600, made once and never written over.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from domain.errors import SettingError
from domain.log.key import SEED_BYTES, SigningKey, VerifierKey
from store.files import make_folder, write_file

if TYPE_CHECKING:
    from pathlib import Path

    from domain.log.key import Entropy

_LOG: Final = "log.key"
_INTAKE: Final = "intake.key"


def intake_name(origin: str) -> str:
    """Name of the key that signs the contexts of a ledger."""
    return f"{origin}/intake"


@dataclass(frozen=True, slots=True)
class LedgerKeys:
    """Private keys of one ledger.

    Attributes:
        log: signs checkpoints; bears the origin's name.
        intake: signs contexts.
    """

    log: SigningKey
    intake: SigningKey

    @property
    def vkeys(self) -> tuple[str, str]:
        """The public halves, intake first, as `ledger.created` lists them."""
        return self.intake.verifier.vkey(), self.log.verifier.vkey()

    @property
    def intake_verifiers(self) -> dict[str, VerifierKey]:
        """The intake keys to trust, by their id."""
        return {self.intake.id: self.intake.verifier}

    @classmethod
    def create(cls, folder: Path, origin: str, entropy: Entropy) -> LedgerKeys:
        """Make new keys.

        Raises:
            SettingError: there are keys already.
        """
        if any((folder / name).exists() for name in (_LOG, _INTAKE)):
            raise SettingError(f"{folder} holds keys already; they are never written over")
        make_folder(folder)
        for name in (_LOG, _INTAKE):
            write_file(folder / name, entropy(SEED_BYTES))
        return cls.load(folder, origin)

    @classmethod
    def load(cls, folder: Path, origin: str) -> LedgerKeys:
        """The keys that lie in a folder.

        Raises:
            SettingError: they are missing, or no keys.
        """
        return cls(
            SigningKey.from_seed(origin, _seed(folder / _LOG)),
            SigningKey.from_seed(intake_name(origin), _seed(folder / _INTAKE)),
        )


def _seed(path: Path) -> bytes:
    try:
        seed = path.read_bytes()
    except OSError as error:
        raise SettingError(f"the key {path} cannot be read: {error.strerror}") from error
    if len(seed) != SEED_BYTES:
        raise SettingError(f"the key {path} has {len(seed)} bytes, not {SEED_BYTES}")
    return seed
