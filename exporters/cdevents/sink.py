"""Where CDEvents go: a file that grows, or a broker over HTTP."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, BinaryIO, Final

import urllib3

from domain.errors import SettingError, UnavailableError
from exporters.cdevents.event import MEDIA_TYPE, cdevent_of, cloudevent_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from exporters.told import Told

_PATIENCE: Final = urllib3.Timeout(connect=5, read=30)
# A broker that is busy says so; everything else that fails is for whoever runs this.
_RETRIES: Final = urllib3.Retry(
    total=4, backoff_factor=0.5, status_forcelist=(429, 502, 503, 504), allowed_methods=None,
    raise_on_status=False, redirect=False,
)  # fmt: skip
_OK: Final = range(200, 300)


class FileSink:
    """Lines of JSON at the end of a file, durable on return."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def send(self, batch: Sequence[Told]) -> None:
        """Append a line an event.

        What a run that was killed left of a line is written anew.

        Raises:
            UnavailableError: the disk.
        """
        lines = [json.dumps(cdevent_of(told)).encode() + b"\n" for told in batch]
        try:
            with self._path.open("a+b") as file:
                start = file.seek(0, os.SEEK_END)
                half = _unended(file, start, max(map(len, lines), default=0))
                if half and any(line.startswith(half) for line in lines):
                    start -= len(half)
                    file.truncate(start)
                elif half:
                    # Nothing of ours: whatever it is, it stays.
                    lines.insert(0, b"\n")
                try:
                    file.write(b"".join(lines))
                    file.flush()
                    os.fsync(file.fileno())
                except OSError:
                    # Half a line would make one of the next run's and this one's.
                    file.truncate(start)
                    raise
        except OSError as error:
            raise UnavailableError(
                f"{self._path} cannot be written: {error.strerror or error}"
            ) from error


def _unended(file: BinaryIO, size: int, most: int) -> bytes:
    """What follows the last whole line of a file, or the last bytes of that.

    Args:
        file: may be read.
        size: its length in bytes.
        most: bytes to be looked at.
    """
    file.seek(max(0, size - most))
    return file.read(most).rpartition(b"\n")[2]


class HttpSink:
    """A broker that takes CloudEvents over HTTP, one a request, in order."""

    def __init__(self, url: str, headers: Mapping[str, str]) -> None:
        """Prepare it; nothing is sent.

        Args:
            url: where to.
            headers: more of them, such as an authorization; never told in an error.

        Raises:
            SettingError: no address of HTTP.
        """
        if not url.startswith(("http://", "https://")):
            raise SettingError("CDEvents go to a file or to an http address")
        self._url = url
        self._headers = {**headers, "Content-Type": MEDIA_TYPE}
        self._pool = urllib3.PoolManager(timeout=_PATIENCE, retries=_RETRIES)

    def send(self, batch: Sequence[Told]) -> None:
        """Send a request an event.

        Raises:
            UnavailableError: one was not accepted; those before it were.
        """
        for told in batch:
            try:
                answer = self._pool.request(
                    "POST", self._url, body=cloudevent_of(told), headers=self._headers
                )
            except urllib3.exceptions.HTTPError as error:
                raise UnavailableError(
                    f"position {told.position}: the broker does not answer: {type(error).__name__}"
                ) from error
            if answer.status not in _OK:
                raise UnavailableError(
                    f"position {told.position}: the broker answered {answer.status}"
                )
