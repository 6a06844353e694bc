"""Witnesses: being one, and asking others for their cosignatures."""
