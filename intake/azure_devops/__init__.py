"""Azure DevOps: service hooks of repositories, pipelines, releases and work items."""

from __future__ import annotations

from typing import Final

from intake.azure_devops import hook

FORMATS: Final = (hook.FORMAT,)
SENDER: Final = hook.SENDER
