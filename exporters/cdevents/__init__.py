"""Events of a ledger as CDEvents 0.5.1, for brokers and tools that speak those."""
