"""An object store as guard: one object, written only where the expected one stands.

Amazon S3 and whatever speaks its protocol with conditional writes (`If-None-Match: *` for the first
note, `If-Match` with the entity tag afterwards). A store that takes no notice of the conditions
would guard nothing, so a new guard is tried out before it is used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, cast

from domain.errors import SettingError, UnavailableError
from domain.log.note import MAX_NOTE
from store.ledger.guard import GuardConflictError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from obstore.store import S3Config, S3Store

_SECONDS: Final = "10s"
_TOLD: Final = (
    "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_REGION",
    "AWS_DEFAULT_REGION",
)  # fmt: skip
"""Handed to the library; whatever else it knows of, such as roles, it finds by itself."""
_PROBE: Final = ".probe"
EXTRA: Final = "pip install 'pipeledger-server[s3]'"


class ObjectGuard:
    """Compare and swap of one object. Safe for threads and for several processes."""

    def __init__(self, store: S3Store, key: str) -> None:
        """Guard with an object.

        Args:
            store: the bucket.
            key: the object's name.
        """
        self._store = store
        self._key = key
        self._tried = False

    def read(self) -> bytes | None:
        """The note that stands there; see `store.ledger.guard.Guard`."""
        return self._stands()[0]

    def swap(self, old: bytes | None, new: bytes) -> None:
        """Put `new` in place of `old`; see `store.ledger.guard.Guard`."""
        note, tag = self._stands()
        if note != old:
            raise GuardConflictError("another checkpoint stands in the guard")
        if note is None:
            self._try_out()
        self._put(self._key, new, tag)

    def _stands(self) -> tuple[bytes | None, str | None]:
        import obstore  # noqa: PLC0415 - an extra; who names no bucket needs none

        try:
            found = obstore.get(self._store, self._key)
            if found.meta["size"] > MAX_NOTE:
                raise UnavailableError("the guard's object is no checkpoint: it is too long")
            return bytes(found.bytes()), found.meta["e_tag"]
        except FileNotFoundError as error:
            if "NoSuchBucket" in str(error):
                raise UnavailableError("the guard's bucket does not exist") from error
            return None, None
        except obstore.exceptions.BaseError as error:
            raise _away(error) from error

    def _put(self, key: str, note: bytes, tag: str | None) -> None:
        import obstore  # noqa: PLC0415 - as above

        try:
            obstore.put(
                self._store, key, note, mode="create" if tag is None else {"e_tag": tag},
                use_multipart=False,
            )  # fmt: skip
        except (
            obstore.exceptions.AlreadyExistsError,
            obstore.exceptions.PreconditionError,
            FileExistsError,
        ) as error:
            raise GuardConflictError("another checkpoint was put into the guard") from error
        except (obstore.exceptions.BaseError, OSError) as error:
            raise _away(error) from error

    def _try_out(self) -> None:
        """Write twice where nothing may stand: a store that lets both pass guards nothing."""
        probe = f"{self._key}{_PROBE}"
        for _ in range(2):
            try:
                self._put(probe, b"pipeledger guard probe\n", None)
            except GuardConflictError:
                return
        raise SettingError(
            "PIPELEDGER_GUARD: this object store takes no notice of If-None-Match; it cannot guard"
        )


def open_bucket(bucket: str, environment: Mapping[str, str]) -> S3Store:
    """The bucket; its credentials and endpoint come from the AWS_* variables.

    Raises:
        SettingError: the library is missing, or a variable is wrong.
    """
    try:
        from obstore.exceptions import BaseError  # noqa: PLC0415 - an extra
        from obstore.store import S3Store  # noqa: PLC0415 - as above
    except ImportError as error:
        raise SettingError(f"PIPELEDGER_GUARD: an object store needs {EXTRA}") from error
    told = {name.lower(): environment[name] for name in _TOLD if environment.get(name)}
    endpoint = environment.get("AWS_ENDPOINT_URL_S3") or environment.get("AWS_ENDPOINT_URL")
    if endpoint:
        told["endpoint"] = endpoint
    try:
        return S3Store(
            bucket,
            config=cast("S3Config", told),
            client_options={
                "timeout": _SECONDS,
                "allow_http": bool(endpoint and endpoint.startswith("http://")),
            },
            # The publisher tries again by itself, and only it knows what may stand by then.
            retry_config={"max_retries": 0},
        )
    except (BaseError, ValueError) as error:
        raise SettingError(f"PIPELEDGER_GUARD: {_line(error)}") from error


def _away(error: Exception) -> UnavailableError:
    return UnavailableError(
        f"the guard does not answer: {_line(error)}", "the guard does not answer"
    )


def _line(error: Exception) -> str:
    return " ".join(str(error).partition("\n")[0].split())[:300]
