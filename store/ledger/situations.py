"""When database and guard do not agree: what happened, and what to run.

Whoever reads these texts stands before a server that does not start. Each says that nothing was
signed, what is likely to have happened, and the ways out, the best first.
"""

from __future__ import annotations

from domain.errors import DamageError, SettingError

_MOVE = (
    "To move a ledger: export ledger there, import ledger here "
    "(pipeledger-server export ledger --help)"
)


def older(name: str, signed: int, kept: int) -> DamageError:
    """The database is behind the guard: a restored backup, or a standby that lagged.

    Args:
        name: of the ledger.
        signed: entries that the guard's checkpoint covers.
        kept: entries that the database has.
    """
    return DamageError(
        kept + 1,
        _text(
            f"the database of ledger {name} is older than what was signed: the guard holds a "
            f"checkpoint of {signed} entries, the database has {kept}",
            f"bring the database up to entry {signed}: roll the backup forward through the "
            "write-ahead log, or use the standby that has it; start again",
            f"pipeledger-server import ledger --ledger {name} --keys FILE DIR, from an export of "
            f"{signed} entries, into another data folder and database",
            f"if the entries {kept + 1} to {signed} are lost for good, this ledger is at its end: "
            "keep its database and keys, what they hold still verifies. Begin another, and have "
            "its senders send again what is missing: pipeledger-server ledger create NAME "
            "--origin ORIGIN",
        ),
    )


def different(name: str, size: int) -> DamageError:
    """The guard holds another tree than the database: a second writer, or an alteration.

    Args:
        name: of the ledger.
        size: of the guard's checkpoint.
    """
    return DamageError(
        size,
        _text(
            f"the database of ledger {name} holds another tree of {size} entries than the one "
            "that was signed: there are two histories, or one of them was altered",
            "stop every server of this ledger: a second one may run on a copied database or data "
            f"folder. {_MOVE}",
            f"pipeledger-server fsck --ledger {name}: an entry that it names was altered here; "
            "use a copy of the database that was not",
            "if it names none before the end, this database is a copy that went on by itself: "
            "use the database whose history the guard holds. What was appended here alone was "
            "never acknowledged; have its senders send it again there",
        ),
    )


def empty(name: str) -> DamageError:
    """The guard has nothing although the ledger exists: a copied folder, or a lost guard.

    Args:
        name: of the ledger.
    """
    return DamageError(
        None,
        _text(
            f"the guard of ledger {name} is empty, though the ledger exists: its data was copied "
            "here without the guard, or the guard was lost",
            "if the data was copied and the first server may run again: do not go on here. "
            + _MOVE,
            "if the guard lies elsewhere: set PIPELEDGER_GUARD as it was",
            f"if it is lost: pipeledger-server guard restore --ledger {name} --checkpoint FILE, "
            "FILE being the newest checkpoint that anybody outside this machine kept (a witness, "
            "an auditor, a mirror)",
        ),
    )


def foreign(name: str, why: object) -> DamageError:
    """The guard holds something that this ledger did not sign.

    Args:
        name: of the ledger.
        why: it is not taken for a checkpoint.
    """
    return DamageError(
        None,
        _text(
            f"the guard of ledger {name} holds no checkpoint of it: {why}",
            "set PIPELEDGER_GUARD to the guard of this ledger; another ledger's may stand there",
            "if it was overwritten: move it away, then pipeledger-server guard restore "
            f"--ledger {name} --checkpoint FILE, FILE being the newest checkpoint that anybody "
            "outside this machine kept",
        ),
    )


def vanished(position: int) -> DamageError:
    """Entries that this process appended are no longer there: the database went back.

    Args:
        position: of the first.
    """
    return DamageError(
        position,
        _text(
            "entries that were appended are gone: the database went back while it was served",
            "stop, bring the database forward (the former primary, its write-ahead log), and "
            "start again: the start says what is missing",
        ),
    )


def unfinished(name: str, size: int) -> SettingError:
    """A ledger is to be made, but entries of one are there and its guard has nothing.

    Args:
        name: of the ledger.
        size: entries that are there.
    """
    return SettingError(
        _text(
            f"ledger {name} holds {size} entries but its guard holds none",
            "if it is to be used: bring its folder and its guard here",
            "if it is nobody's: make the new one under another name",
        )
    )


def of_others(name: str) -> SettingError:
    """A ledger is to be made, but the database has one that was made with other keys.

    Args:
        name: of the ledger.
    """
    return SettingError(
        _text(
            f"the database has a ledger {name} that was made with other keys than this data folder",
            "if its data folder lies elsewhere: name that one by --data or PIPELEDGER_DATA",
            "if its data folder is lost: bring the folders keys, secrets and documents back from a "
            "backup, and its guard",
            "if a new ledger is meant: use another database, or another name",
        )
    )


def guarded_before(name: str) -> SettingError:
    """A ledger is to be made, but its guard holds a checkpoint.

    Args:
        name: of the ledger.
    """
    return SettingError(
        _text(
            f"the guard of ledger {name} holds a checkpoint already: it exists, or did",
            "if it is to be used: bring its database and folder here, or import an export of it",
            "if it is gone for good: make the new one under another name, or move its guard away",
        )
    )


def _text(what: str, *ways: str) -> str:
    lines = [f"{what}. Nothing was signed. What to do, the first that fits:"]
    lines += [f"  {number}. {way}" for number, way in enumerate(ways, 1)]
    return "\n".join(lines)
