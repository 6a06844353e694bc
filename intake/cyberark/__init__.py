"""CyberArk: the audit of its Vault (PAM), and that of Conjur."""

from typing import Final

from intake.cyberark import conjur, vault

FORMATS: Final = (vault.FORMAT, conjur.FORMAT)
