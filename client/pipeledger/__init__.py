"""Send delivery events to a Pipeledger ledger, and verify the ledger offline."""

__version__ = "0.1.0"
