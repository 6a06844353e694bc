"""Which tier the name of an environment suggests."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

NAMES: Final[dict[str, tuple[str, ...]]] = {
    "production": ("prod", "production", "prd", "live"),
    "dr": ("dr", "disaster-recovery", "standby"),
    "staging": (
        "stage", "staging", "stg", "uat", "preprod", "pre-prod", "pre-production",
        "preproduction",
    ),
    "test": ("test", "testing", "tst", "qa", "integration", "int", "ci"),
    "development": ("dev", "development", "local", "sandbox"),
    "preview": ("preview", "review", "pr", "ephemeral"),
}  # fmt: skip
"""Words by tier. A name suggests a tier where it is one of its words, in any case, or begins with
one and goes on after `-`, `_`, `/`, `.` or a space."""

_OTHERS: Final = re.compile(
    r".*[-_/. ](?:dr|disaster-recovery|standby|stage|staging|stg|uat|test|testing|tst|qa|dev"
    r"|development|sandbox|preview|review)(?:[-_/. ].*)?"
)
"""Names in which a later word says that they are not what they begin with."""
_TIERS: Final = [
    (tier, re.compile(rf"(?:{'|'.join(words)})(?:[-_/. ].*)?")) for tier, words in NAMES.items()
]


@lru_cache(10_000)
def tier_of(name: str) -> str | None:
    """The tier that a name suggests; None: it suggests none.

    `prod-eu` is production, `preprod` staging; `non-prod` suggests nothing, nor does `prod-dr`.
    """
    lower = name.lower()
    found = next((tier for tier, pattern in _TIERS if pattern.fullmatch(lower)), None)
    return None if found == "production" and _OTHERS.fullmatch(lower) is not None else found
