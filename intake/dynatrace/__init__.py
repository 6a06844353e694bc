"""Dynatrace: problems, as its webhooks and its API tell them, and deployments it is told of."""

from typing import Final

from intake.dynatrace import deployments, problems

FORMATS: Final = (problems.FORMAT, deployments.FORMAT)
SENDER: Final = problems.SENDER
