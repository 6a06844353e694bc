"""Sentinel and the policy checks and evaluations of HCP Terraform."""

from typing import Final

from intake.sentinel import api, log

FORMATS: Final = (api.FORMAT, log.FORMAT)
