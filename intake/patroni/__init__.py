"""Patroni: who leads a cluster of PostgreSQL, and when that changed."""

from typing import Final

from intake.patroni import api, log

FORMATS: Final = (api.FORMAT, log.FORMAT)
