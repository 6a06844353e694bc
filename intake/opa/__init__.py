"""Open Policy Agent and Conftest: decision logs, evaluations, results of tests of files."""

from typing import Final

from intake.opa import conftest, decision_log, evaluation

FORMATS: Final = (decision_log.FORMAT, conftest.FORMAT, evaluation.FORMAT)
SENDER: Final = decision_log.SENDER
