"""Prisma Cloud (Twistlock): scans by twistcli, of its API and as CSV, and alerts by webhook."""

from typing import Final

from intake.prisma_cloud import alerts, scans, table

FORMATS: Final = (scans.FORMAT, table.FORMAT, alerts.FORMAT)
SENDER: Final = alerts.SENDER
