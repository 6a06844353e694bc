"""What leaves the ledger for other systems."""
