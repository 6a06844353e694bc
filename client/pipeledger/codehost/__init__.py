"""What a code host has, compared with what the ledger has."""
