"""Terraform and OpenTofu: plans, operations, and what HCP Terraform notifies of."""
