"""The ledger's own keys: who signs contexts, who signs checkpoints.

The private halves are files of mode 0600, made once and never written over. While a key is being
replaced its successor lies beside it; when that is done the successor takes its name and the old
private half is removed. The ledger's first public keys stay in a file, from which with the log
itself all later ones follow.

    log.key, intake.key                private halves in use
    log.next.key, intake.next.key      ... of their successors
    log.signer, log.next.signer        in place of a log key that lies elsewhere: URI and vkey
    public.vkeys                       all public halves since the first, once one was replaced
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from domain.errors import SettingError
from domain.log.key import SEED_BYTES, SigningKey, VerifierKey, parse_vkey
from domain.log.succession import INTAKE
from store.files import make_folder, sync_folder, write_file
from store.ledger.remote_key import RemoteKey

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from domain.log.key import Entropy

_LOG: Final = "log.key"
_INTAKE: Final = "intake.key"
_PUBLIC: Final = "public.vkeys"
_FIRST: Final = 2
PURPOSES: Final = {"log": _LOG, "intake": _INTAKE}
"""What a key of a ledger is for, and the file it lies in."""


def intake_name(origin: str) -> str:
    """Name of the key that signs the contexts of a ledger."""
    return origin + INTAKE


@dataclass(frozen=True, slots=True)
class LedgerKeys:
    """Private keys of one ledger.

    Attributes:
        log: signs checkpoints; bears the origin's name.
        intake: signs contexts.
        successors: of the two, while they are being replaced.
        folder: where they lie.
        public: every public key since the first two, the intake key of which comes first.
    """

    log: SigningKey
    intake: SigningKey
    successors: tuple[SigningKey, ...] = ()
    folder: Path | None = None
    public: tuple[VerifierKey, ...] = field(default=())

    def __post_init__(self) -> None:
        if not self.public:
            object.__setattr__(self, "public", (self.intake.verifier, self.log.verifier))
        # Files copied by hand may be the same key under two names.
        if len({key.verifier.public for key in self._all}) != len(self._all):
            raise SettingError("one key under two purposes: each purpose needs a key of its own")

    @property
    def _all(self) -> tuple[SigningKey, ...]:
        return (self.intake, self.log, *self.successors)

    @property
    def first(self) -> tuple[VerifierKey, ...]:
        """The ledger's first public keys."""
        return self.public[:_FIRST]

    def verifiers(self, name: str) -> list[VerifierKey]:
        """Every public key of this name, retired ones too."""
        return [key for key in self.public if key.name == name]

    @property
    def origin(self) -> str:
        """The ledger's name in the log."""
        return self.log.name

    def having(self, keys: Iterable[VerifierKey]) -> tuple[SigningKey, ...]:
        """The private halves of these keys, as far as they are at hand."""
        wanted = {key.id for key in keys}
        return tuple(key for key in self._all if key.id in wanted)

    def again(self) -> LedgerKeys:
        """The keys as they lie in their folder now."""
        return self if self.folder is None else LedgerKeys.load(self.folder, self.origin)

    def prepare(self, purpose: str, entropy: Entropy, signer: str | None = None) -> LedgerKeys:
        """Lay a successor beside a key; one that lies there already is kept.

        Args:
            purpose: of the key.
            entropy: random bytes.
            signer: URI of a log key that lies elsewhere, or None.

        Raises:
            SettingError: such a key cannot be used, or not for this purpose, or another one
                lies there.
            UnavailableError: whoever holds it does not answer.
        """
        if signer is not None and purpose != "log":
            raise SettingError("only the log key can lie elsewhere: the other signs each event")
        folder = self._place()
        path = folder / _next(PURPOSES[purpose])
        name = self.origin if purpose == "log" else intake_name(self.origin)
        _make(path, name, entropy, signer, self.public)
        new = _load(path, name).verifier
        if new not in self.public:
            lines = "".join(f"{key.vkey()}\n" for key in (*self.public, new))
            write_file(folder / _PUBLIC, lines.encode())
        return self.again()

    def replace(self, purpose: str) -> LedgerKeys:
        """Put a key's successor in its place; the old private half is removed."""
        folder = self._place()
        old, new = folder / PURPOSES[purpose], folder / _next(PURPOSES[purpose])
        for former, later in ((_signer_of(old), _signer_of(new)), (old, new)):
            if later.exists():
                later.replace(former)
                for other in {old, _signer_of(old)} - {former}:
                    other.unlink(missing_ok=True)
                break
        sync_folder(folder)
        return self.again()

    def _place(self) -> Path:
        if self.folder is None:
            raise SettingError("these keys lie in no folder")
        return self.folder

    @property
    def vkeys(self) -> tuple[str, ...]:
        """The first public halves, intake first, as `ledger.created` lists them."""
        return tuple(key.vkey() for key in self.first)

    @classmethod
    def create(
        cls, folder: Path, origin: str, entropy: Entropy, signer: str | None = None
    ) -> LedgerKeys:
        """Make those keys that are missing; existing ones stay.

        Args:
            folder: where they lie.
            origin: of the ledger.
            entropy: random bytes.
            signer: URI of a log key that lies elsewhere, or None.

        Raises:
            SettingError: the log key is there and is another one, or the URI is none.
            UnavailableError: whoever holds the log key does not answer.
        """
        make_folder(folder)
        _make(folder / _LOG, origin, entropy, signer)
        _make(folder / _INTAKE, intake_name(origin), entropy)
        return cls.load(folder, origin)

    @classmethod
    def load(cls, folder: Path, origin: str) -> LedgerKeys:
        """The keys that lie in a folder.

        Raises:
            SettingError: they are missing, or no keys.
        """
        names = {_LOG: origin, _INTAKE: intake_name(origin)}
        own = {file: _load(folder / file, name) for file, name in names.items()}
        successors = tuple(
            _load(folder / _next(file), name)
            for file, name in names.items()
            if _exists(folder / _next(file))
        )
        public: tuple[VerifierKey, ...] = ()
        if (folder / _PUBLIC).exists():
            public = tuple(map(parse_vkey, (folder / _PUBLIC).read_text("ascii").splitlines()))
        return cls(own[_LOG], own[_INTAKE], successors, folder, public)


def _signer(file: str) -> str:
    return file.removesuffix(".key") + ".signer"


def _signer_of(path: Path) -> Path:
    return path.with_name(_signer(path.name))


def _exists(path: Path) -> bool:
    return path.exists() or _signer_of(path).exists()


def _make(
    path: Path,
    name: str,
    entropy: Entropy,
    signer: str | None = None,
    former: Iterable[VerifierKey] = (),
) -> None:
    """Make a key in this file, or name the one that lies elsewhere; one that is there stays.

    Raises:
        SettingError: the key elsewhere is one of the former, or another one is there.
    """
    if _exists(path):
        there = _load(path, name)
        if signer is not None and not (isinstance(there, RemoteKey) and there.uri == signer):
            raise SettingError(
                f"{signer} is not used: an attempt that broke off left another key, {there.id}, in "
                f"{path.parent}; go on with that one, without the URI, and replace it then"
            )
    elif signer is None:
        write_file(path, entropy(SEED_BYTES))
    else:
        key = RemoteKey.of(signer, name)
        if any(one.public == key.verifier.public for one in former):
            raise SettingError(f"{signer} is or was a key of this ledger: take another")
        write_file(_signer_of(path), f"{key.uri}\n{key.verifier.vkey()}\n".encode())


def _load(path: Path, name: str) -> SigningKey:
    there = _signer_of(path)
    if path.exists() or not there.exists():
        return SigningKey.from_seed(name, _seed(path))
    lines = there.read_text("utf-8").splitlines()
    if len(lines) != 2:  # noqa: PLR2004 - URI and vkey
        raise SettingError(f"{there} does not hold a URI and a verifier key")
    key = RemoteKey(*lines)
    if key.name != name:
        raise SettingError(f"{there} names a key of {key.name}")
    return key


def _next(file: str) -> str:
    return file.replace(".key", ".next.key")


def _seed(path: Path) -> bytes:
    try:
        seed = path.read_bytes()
    except OSError as error:
        raise SettingError(f"the key {path} cannot be read: {error.strerror}") from error
    if len(seed) != SEED_BYTES:
        raise SettingError(f"the key {path} has {len(seed)} bytes, not {SEED_BYTES}")
    return seed
