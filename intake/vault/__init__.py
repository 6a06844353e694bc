"""Vault's and OpenBao's audit log."""

from typing import Final

from intake.vault import audit

FORMATS: Final = (audit.FORMAT,)
