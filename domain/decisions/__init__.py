"""What the ledger decides on command: the rules, checked inside the append (design section 6).

A command is a `Slice` of the library: it names the facts it stands on, learns them, and decides.
The events it makes are appended only if no fact that it stands on came meanwhile.
"""
