"""A ledger's past that is derived by a process of its own.

    server ──▶ question ──▶ pipe ──▶ program: follows, verifies, runs the definitions
           ◀── rows, as Arrow ◀──┘   (its own interpreter, its own memory, after everything else)

So whoever appends does not wait for an interpreter or a processor that makes answers.
"""
