"""Failovers, backups and restores of databases that a cloud runs; those of AWS are with AWS."""

from typing import Final

from intake.databases import atlas, azure, google

FORMATS: Final = (azure.FORMAT, google.FORMAT, atlas.FORMAT)
SENDER: Final = atlas.SENDER
