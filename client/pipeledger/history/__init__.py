"""History that was there before the ledger: what a git repository tells."""
