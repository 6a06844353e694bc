"""Statements of the definitions, parsed once a process: reading one takes as long as a small table.

DuckDB copies a statement that it is given, so threads and databases share these.
"""

from __future__ import annotations

import functools

import duckdb


@functools.lru_cache(maxsize=1024)
def parsed(text: str) -> duckdb.Statement:
    """The one statement of a text."""
    (statement,) = duckdb.extract_statements(text)
    return statement
