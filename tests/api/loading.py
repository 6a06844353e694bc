"""What a command of the server loads, seen in a process of its own."""

from __future__ import annotations

import subprocess
import sys

LOADING = """
import sys
from api.cli import main
sys.argv[1:] = {words!r}
try:
    main()
except SystemExit as end:
    assert not end.code, end.code
print(*{{name.split(".")[0] for name in sys.modules}}, file=sys.stderr)
"""
SERVING = {"fastapi", "starlette", "pydantic", "uvicorn", "opentelemetry", "structlog"}
ASKING = {"duckdb", "pyarrow", "numpy", "adbc_driver_postgresql"}
SHOWING = {"jinja2", "pygal", "exporters", "projections"}
SELDOM = {"securesystemslib", "requests", "obstore", "yaml", "intake"}
DATABASE = {"psycopg", "eventsourcing", "cryptography", "store", "urllib3"}


def loaded(*words: str) -> set[str]:
    """The top-level modules that a command of this process's own has loaded when it ends."""
    done = subprocess.run(
        [sys.executable, "-c", LOADING.format(words=list(words))],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    return set(done.stderr.split())
