"""Docker Bench for Security: its JSON, and the text it prints."""

from typing import Final

from intake.docker_bench import log, report

FORMATS: Final = (report.FORMAT, log.FORMAT)
