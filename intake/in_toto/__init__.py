"""in-toto statements: plain, in DSSE envelopes, in Sigstore bundles."""

from typing import Final

from intake.in_toto import attestation

FORMATS: Final = (attestation.FORMAT,)
