"""The ledgers of a server: those that are served, and those that must not be.

Where database and guard of one do not agree, nothing of it may be shown or appended. The others
have tables, keys and guards of their own, so they go on; whoever asks for that one is told to come
back, and senders keep what they have.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from api.served import Served
from domain.errors import DamageError, UnavailableError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from api.host import Host
    from api.later import Later
    from projections.apart.process import Apart

_PUBLIC = (
    "this ledger is not served: its database and its guard do not agree, or an entry does not "
    "verify; its operator is told more"
)


class Ledgers(Mapping[str, Served]):
    """The served ledgers by name; asking for one that is stopped raises `UnavailableError`."""

    def __init__(self) -> None:
        """None yet."""
        self._served: dict[str, Served] = {}
        self._stopped: dict[str, DamageError] = {}

    @property
    def stopped(self) -> Mapping[str, DamageError]:
        """Those that are not served, by name, and why."""
        return self._stopped

    def open(self, home: Host, names: Iterable[str], apart: Later[Apart]) -> None:
        """Open these; one that does not agree with its guard is stopped, the others are served.

        Args:
            home: where they are.
            names: of the ledgers.
            apart: see `Host.open`.

        Raises:
            DamageError: none of them can be served.
            SettingError: see `Host.open`.
            UnavailableError: the database or a guard does not answer.
        """
        for name in names:
            try:
                self._served[name] = home.open(name, apart)
            except DamageError as error:
                self._stopped[name] = error
        if not self._served and self._stopped:
            raise next(iter(self._stopped.values()))

    def close(self) -> None:
        """Close those that are open."""
        for one in self._served.values():
            one.close()

    def __getitem__(self, name: str) -> Served:
        if name in self._stopped:
            raise UnavailableError(f"ledger {name} is not served", _PUBLIC)
        return self._served[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._served)

    def __len__(self) -> int:
        return len(self._served)


def stopped_line(ledgers: Mapping[str, Served]) -> str | None:
    """How many are not served, naming none, or None where all are."""
    count = len(ledgers.stopped) if isinstance(ledgers, Ledgers) else 0
    if not count:
        return None
    return f"not served: {count} of {count + len(ledgers)} ledgers; serve said which and why"
