"""Terraform and OpenTofu: plans, operations, and what HCP Terraform notifies of."""

from typing import Final

from intake.terraform import notification, plan, stream

FORMATS: Final = (plan.FORMAT, stream.FORMAT, notification.FORMAT)
SENDER: Final = notification.SENDER
