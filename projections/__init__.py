"""Read models over the events. Nothing here writes to the ledger."""
