"""Pact: contracts between consumers and providers, and whether providers keep them."""

from typing import Final

from intake.pact import contract, deployable, result, verifier, webhook

FORMATS: Final = (
    webhook.FORMAT,
    result.FORMAT,
    verifier.FORMAT,
    deployable.FORMAT,
    contract.FORMAT,
)
SENDER: Final = webhook.SENDER
