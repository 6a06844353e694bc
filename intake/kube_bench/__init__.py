"""kube-bench: its JSON of every version, and the text it prints."""

from typing import Final

from intake.kube_bench import log, report

FORMATS: Final = (report.FORMAT, log.FORMAT)
