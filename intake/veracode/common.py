"""What Veracode's formats share: severities are numbers with names."""

from __future__ import annotations

from typing import Final

from intake.number import count_of

TOOL: Final = "Veracode"
WORDS: Final = ("very high", "high", "medium", "low", "very low", "informational")
_NAMES: Final = dict(zip((5, 4, 3, 2, 1, 0), WORDS, strict=True))
_SEVERITIES: Final = {
    "very high": "critical", "high": "high", "medium": "medium", "low": "low",
    "very low": "info", "informational": "info",
}  # fmt: skip


def word_of(severity: object) -> str:
    """Veracode's name of a severity's number."""
    number = count_of(severity)
    return _NAMES.get(number, "unknown") if number is not None else "unknown"


def severity_of(word: str) -> str:
    """The severity in the vocabulary's words; Veracode's lowest two are remarks."""
    return _SEVERITIES.get(word, "unknown")


def cwe_of(number: object) -> str | None:
    """The weakness of a number, or of a text that has it already."""
    if isinstance(number, str) and number.startswith("CWE-"):
        number = number.removeprefix("CWE-")
    found = count_of(number)
    return f"CWE-{found}" if found else None
