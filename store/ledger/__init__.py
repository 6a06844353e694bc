"""One ledger: the chained recorder, its guard, its readers and its own examination."""
