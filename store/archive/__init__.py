"""A whole ledger as a folder of files, and back: for moving it and for keeping a copy."""
