"""Helm: a release's history, releases, lists of them."""

from __future__ import annotations

from typing import Final

from intake.helm import files

FORMATS: Final = (files.FORMAT,)
