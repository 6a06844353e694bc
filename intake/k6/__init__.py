"""Results of k6, a load testing tool."""

from typing import Final

from intake.k6 import stream, summary

FORMATS: Final = (summary.FORMAT, stream.FORMAT)
