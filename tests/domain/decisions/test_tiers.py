"""Names of environments and the tiers they suggest."""

from __future__ import annotations

import pytest

from domain.decisions.tiers import NAMES, tier_of


@pytest.mark.parametrize(("tier", "words"), NAMES.items())
def test_a_word_of_a_tier_suggests_it(tier: str, words: tuple[str, ...]) -> None:
    """Alone, in any case, or with something after a mark."""
    for word in words:
        assert {tier_of(name) for name in (word, word.upper(), f"{word}-eu", f"{word}.1")} == {tier}


def test_a_later_word_takes_back_production_alone() -> None:
    """The test of a staging environment is still one."""
    assert tier_of("staging-test") == "staging"


@pytest.mark.parametrize(
    "name", ["", "eu", "non-prod", "productive", "prod-dr", "live/staging-2", "devops", "prod\n"]
)
def test_other_names_suggest_nothing(name: str) -> None:
    """Also where a name goes on with the word of another tier."""
    assert tier_of(name) is None
