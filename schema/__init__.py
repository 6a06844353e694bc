"""Formats as files: SQL, JSON Schemas, the control catalogue."""
