"""A process that stands where the one that derives should, and says what nobody asked."""

from __future__ import annotations

import sys
from multiprocessing.connection import Connection

from projections.apart.messages import Followed, read_asked, write

if __name__ == "__main__":
    connection = Connection(int(sys.argv[1]))
    connection.recv_bytes()
    asked = read_asked(connection.recv_bytes())
    what = asked.ledger
    if what == "noise":
        connection.send_bytes(b"\xff" * 9)
    elif what == "another":
        connection.send_bytes(write(Followed(99, 1, b"", b"", (1, 0))))
    elif what == "a-lie":
        connection.send_bytes(write({"type": "Followed", "number": asked.number, "size": "many"}))
    connection.recv_bytes()
