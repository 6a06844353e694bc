"""A ledger's state and its delivery performance of thirty days, one value at a time.

For Prometheus and OTLP alike. The numbers are those of `dora` and `mttr`, read and not computed
here. A rate or duration that has nothing to be made of has no figure: a dashboard must not show
zero.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from domain.errors import DamageError, PipeledgerError
from projections.selection import Selection

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from projections.history import History
    from store.ledger.ledger import Ledger

WINDOW: Final = timedelta(days=30)
MOST_ENVIRONMENTS: Final = 20
"""Production environments whose numbers are told, the first by name: each costs a question, and a
series of every metric for each of its services."""
_LOG: Final = logging.getLogger("pipeledger.figures")


@dataclass(frozen=True, slots=True)
class Kind:
    """One metric.

    Attributes:
        name: as Prometheus spells it.
        unit: by UCUM, as OpenTelemetry wants it.
        meaning: one line for people.
        is_counter: never goes down.
    """

    name: str
    unit: str
    meaning: str
    is_counter: bool = False

    @property
    def dotted(self) -> str:
        """As OpenTelemetry spells it: the unit stands beside, not in the name."""
        bare = self.name.removesuffix("_total").removesuffix("_seconds")
        return bare.replace("_", ".", 1).replace("dora_", "dora.")


@dataclass(frozen=True, slots=True)
class Figure:
    """One value.

    Attributes:
        kind: of which metric.
        labels: of what it is the value.
        value: now.
    """

    kind: Kind
    labels: Mapping[str, str]
    value: float


ENTRIES: Final = Kind(
    "pipeledger_entries_total", "{entry}", "entries that are published", is_counter=True
)
NEWEST: Final = Kind(
    "pipeledger_last_recorded_timestamp_seconds", "s", "when the newest entry was recorded"
)
LAG: Final = Kind(
    "pipeledger_guard_lag_entries", "{entry}", "entries that are committed and not yet published"
)
SOUND: Final = Kind(
    "pipeledger_history_sound", "1", "1: the chain verified when the numbers were made"
)
WITNESSED: Final = Kind(
    "pipeledger_witnessed_entries", "{entry}", "entries that enough witnesses have seen"
)
COSIGNED: Final = Kind(
    "pipeledger_witness_entries", "{entry}", "entries that a witness cosigned last"
)
COSIGNED_AT: Final = Kind(
    "pipeledger_witness_last_timestamp_seconds", "s", "when it did, by its own clock"
)
FAILURES: Final = Kind(
    "pipeledger_witness_failures", "{attempt}", "attempts in a row that came to nothing"
)
FORKS: Final = Kind(
    "pipeledger_witness_forks",
    "{fork}",
    "times that a witness had seen another history",
    is_counter=True,
)
LEFT_OUT: Final = Kind(
    "pipeledger_environments_left_out",
    "{environment}",
    f"production environments beyond the first {MOST_ENVIRONMENTS} by name, without numbers here",
)
_DORA: Final = {
    "deployments": Kind(
        "pipeledger_dora_deployments", "{deployment}", "counted deployments that succeeded"
    ),
    "deployments_per_day": Kind(
        "pipeledger_dora_deployments_per_day", "{deployment}/d", "of these, each day"
    ),
    "counted": Kind(
        "pipeledger_dora_counted_deployments", "{deployment}", "denominator of the two ratios"
    ),
    "lead_median_s": Kind(
        "pipeledger_dora_lead_time_median_seconds", "s", "median change lead time"
    ),
    "lead_p90_s": Kind("pipeledger_dora_lead_time_p90_seconds", "s", "90th percentile of the same"),
    "lead_n": Kind("pipeledger_dora_lead_time_changes", "{change}", "changes that it was made of"),
    "change_fail_rate": Kind("pipeledger_dora_change_fail_ratio", "1", "change fail rate"),
    "rework_rate": Kind("pipeledger_dora_rework_ratio", "1", "deployment rework rate"),
    "recovery_median_s": Kind(
        "pipeledger_dora_recovery_median_seconds", "s", "median failed deployment recovery time"
    ),
    "recovered": Kind("pipeledger_dora_recoveries", "{recovery}", "recoveries that it was made of"),
}
_MTTR: Final = {
    "mttr_s": Kind(
        "pipeledger_mttr_seconds", "s", "mean time to restore, of incidents of any cause"
    ),
    "incidents": Kind("pipeledger_incidents_ended", "{incident}", "incidents that it was made of"),
    "open": Kind("pipeledger_incidents_open", "{incident}", "incidents that are open"),
}
PERFORMANCE: Final = frozenset({*_DORA.values(), *_MTTR.values()})
"""Those of thirty days, in `MOST_ENVIRONMENTS`."""
KINDS: Final = (
    ENTRIES, NEWEST, LAG, WITNESSED, COSIGNED, COSIGNED_AT, FAILURES, FORKS, SOUND, LEFT_OUT,
    *_DORA.values(), *_MTTR.values(),
)  # fmt: skip
"""All of them, in the order in which they are told."""


def figures_of(ledger: Ledger, history: History, now: datetime) -> Iterator[Figure]:
    """The figures of a ledger.

    Where its history does not verify, what is told of it is that, and no number; where memory or
    the disk does not suffice to tell, neither.
    """
    own = {"ledger": ledger.name}
    size = ledger.published.size
    yield Figure(ENTRIES, own, size)
    head = ledger.reader.head()
    if head is not None:
        yield Figure(NEWEST, own, head[1].timestamp())
        yield Figure(LAG, own, max(0, head[0] - size))
    try:
        numbers = list(_performance(ledger, history, now))
    except PipeledgerError as error:
        _LOG.warning("no numbers: %s", error)
        if isinstance(error, DamageError):
            yield Figure(SOUND, own, 0)
        return
    yield Figure(SOUND, own, 1)
    yield from numbers


def _performance(ledger: Ledger, history: History, now: datetime) -> Iterator[Figure]:
    """DORA and MTTR of every service in production environments, and how many have none here."""
    end = now.replace(minute=0, second=0, microsecond=0)
    window = {"window_from": end - WINDOW, "window_to": end}
    standing = Selection(
        "environments", {"tier": "production"}, holding=("effective_from", "effective_until"),
        order=("environment",),
    )  # fmt: skip
    found = history.ask([standing], {"at": now}).tables["environments"]["environment"]
    yield Figure(LEFT_OUT, {"ledger": ledger.name}, max(0, len(found) - MOST_ENVIRONMENTS))
    places = found.slice(0, MOST_ENVIRONMENTS)
    wanted = [Selection("dora", {"part": "window"}), Selection("mttr", {"part": "window"})]
    for place in places.to_pylist():
        chosen: dict[str, Any] = window | {"environment": place, "group_by": "service"}
        tables = history.ask(wanted, chosen).tables
        for table, kinds in (("dora", _DORA), ("mttr", _MTTR)):
            for row in tables[table].to_pylist():
                labels = {
                    "ledger": ledger.name, "service": row["group_key"], "environment": place,
                }  # fmt: skip
                for column, kind in kinds.items():
                    if row[column] is not None:
                        yield Figure(kind, labels, row[column])
