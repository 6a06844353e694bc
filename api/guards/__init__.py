"""Guards that are reached over a network; the one in a folder is `store.ledger.guard`."""
