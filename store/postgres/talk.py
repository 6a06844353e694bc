"""Speaks with the server below the driver's cursors, for the one thread that appends.

A cursor costs that thread more than many of its statements do, and each time it waits it gives
the interpreter lock away and has to queue for it behind the event loop. Here one question of many
statements is one wait, and so is each table that is copied. The protocol is still libpq's.
"""

from __future__ import annotations

import select
from typing import TYPE_CHECKING, Final

import psycopg
from psycopg import errors
from psycopg.pq import ConnStatus, ExecStatus, Format

if TYPE_CHECKING:
    from collections.abc import Sequence

    from psycopg.pq.abc import PGresult

    from store.postgres.database import Connection

Statement = tuple[bytes, "Sequence[bytes] | None"]
"""SQL with `$1` and so on, and these values in binary; None: sent as it is, never prepared."""
_DONE: Final = (ExecStatus.COMMAND_OK, ExecStatus.TUPLES_OK)


class Talk:
    """The conversation over one connection, which any error closes."""

    def __init__(self, connection: Connection) -> None:
        self._pgconn = connection.pgconn
        self._poll = select.poll()
        self._poll.register(self._pgconn.socket, select.POLLIN)
        self._prepared: dict[bytes, bytes] = {}

    def ask(self, statements: Sequence[Statement]) -> list[PGresult]:
        """Execute statements in one round trip; values and answers are in binary.

        Raises:
            psycopg.Error: of the first that failed; those after it were not executed.
        """
        pgconn = self._pgconn
        pgconn.enter_pipeline_mode()
        new: dict[bytes, bytes] = {}
        for text, values in statements:
            if values is None:
                pgconn.send_query_params(text, None)
                continue
            name = self._prepared.get(text) or new.get(text)
            if name is None:
                name = new[text] = b"talk_%d" % (len(self._prepared) + len(new))
                pgconn.send_prepare(name, text)
            pgconn.send_query_prepared(name, values, [Format.BINARY] * len(values), Format.BINARY)
        pgconn.pipeline_sync()
        self._flush()
        answers = []
        for _ in range(len(statements) + len(new)):
            answers.append(self._expect(_DONE))
            self._next()
        self._expect((ExecStatus.PIPELINE_SYNC,))
        pgconn.exit_pipeline_mode()
        self._prepared |= new
        asked = iter(answers)
        made = set(new)
        found = []
        for text, _ in statements:
            if text in made:
                made.discard(text)
                next(asked)
            found.append(next(asked))
        return found

    def begin(self, statements: Sequence[bytes]) -> None:
        """Send statements, of which each COPY waits for its `rows`, in their order."""
        self._pgconn.send_query(b"; ".join(statements))
        self._flush()

    def rows(self, data: bytes) -> None:
        """Send what the next COPY waits for; the server takes it in while the caller goes on.

        Raises:
            psycopg.Error: a statement before it failed.
        """
        while (result := self._expect((*_DONE, ExecStatus.COPY_IN))).status in _DONE:
            pass
        del result
        pgconn = self._pgconn
        while not pgconn.put_copy_data(data):
            self._flush()
        while not pgconn.put_copy_end():
            self._flush()
        self._flush()

    def end(self) -> None:
        """Wait until all statements are executed.

        Raises:
            psycopg.Error: one failed.
        """
        while (result := self._next()) is not None:
            self._check(result, _DONE)

    def _expect(self, wanted: Sequence[int]) -> PGresult:
        result = self._next()
        if result is None:
            self._pgconn.finish()
            raise psycopg.OperationalError("the server's answer ended early")
        self._check(result, wanted)
        return result

    def _check(self, result: PGresult, wanted: Sequence[int]) -> None:
        if result.status in wanted:
            return
        error = (
            psycopg.OperationalError("the connection was lost")
            if self._pgconn.status == ConnStatus.BAD
            else errors.error_from_result(result)
        )
        # What else was asked is answered no more, and nothing of it shall be kept.
        self._pgconn.finish()
        raise error

    def _next(self) -> PGresult | None:
        # The driver holds the interpreter lock while it waits for a result: first it has to come.
        while self._pgconn.is_busy():
            self._poll.poll()
            self._pgconn.consume_input()
        return self._pgconn.get_result()

    def _flush(self) -> None:
        while self._pgconn.flush():
            # Whoever sends much has to listen meanwhile, or both sides wait for each other.
            both = select.poll()
            both.register(self._pgconn.socket, select.POLLIN | select.POLLOUT)
            if any(ready & select.POLLIN for _, ready in both.poll()):
                self._pgconn.consume_input()
