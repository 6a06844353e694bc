"""Reports of test coverage."""

from typing import Final

from intake.coverage import cobertura, coverage_py

FORMATS: Final = (cobertura.FORMAT, coverage_py.FORMAT)
