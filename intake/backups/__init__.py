"""Backups and restores: Velero, pgBackRest, WAL-G, restic; those of AWS are with AWS."""

from typing import Final

from intake.backups import postgres, restic, velero

FORMATS: Final = (velero.FORMAT, postgres.FORMAT, restic.FORMAT)
