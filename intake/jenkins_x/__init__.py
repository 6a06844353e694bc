"""Jenkins X: activities of pipelines, Lighthouse's jobs and records, and releases."""

from __future__ import annotations

from typing import Final

from intake.jenkins_x import activity

FORMATS: Final = (activity.FORMAT,)
