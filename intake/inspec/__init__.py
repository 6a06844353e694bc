"""Chef InSpec and CINC Auditor: the reporters `json`, `json-automate` and `json-min`."""

from typing import Final

from intake.inspec import report

FORMATS: Final = (report.FORMAT,)
