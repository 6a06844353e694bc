"""Whatever answers in the ledger's place: one line, the documented status, and the event waits."""

from __future__ import annotations

import gzip
import json
import time
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from urllib3 import ProxyManager

from pipeledger.errors import UsageError
from pipeledger.patience import connections
from pipeledger.settings import Settings
from pipeledger.transport import Transport
from pipeledger.web import reason_of
from tests.client.conftest import TOKEN
from tests.client.hostile import Hostile, answering, hostile, whole, write_certificate
from tests.client.listening import Listening, Reply, Request, listening, receipt
from tests.client.writer import Writer

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable
    from pathlib import Path

    from tests.client.conftest import Command

EMIT = ("emit", "deployment.finished", "service=a", "environment=b", "outcome=success")
DEPLOYED = "pipeledger.deployment.finished.v1"
SLOW_S = 15.0
"""Longest time in seconds for what has one second to answer: retries and a loaded machine."""
GOOD = receipt(3, DEPLOYED)
NUMBER = b'{"position":' + b"1" * 5000 + b"}"
FOREVER = "\r\nTransfer-Encoding: chunked\r\n\r\n"


def text(value: object) -> bytes:
    """A value as JSON."""
    return json.dumps(value).encode()


ANSWERS = {
    "html instead of json": whole(b"<html>Log in</html>", "200 OK", "text/html"),
    "json that is no object": whole(b"[]"),
    "an empty object, as from a proxy": whole(b"{}", "200 OK"),
    "an empty answer": whole(b"", "204 No Content"),
    "json that is cut": whole(b'{"position": 3, "leaf": "'),
    "json of endless depth": whole(b'{"a":' * 100_000),
    "a number of endless length": whole(NUMBER),
    "bytes that are no text": whole(b"\xff\xfe{}"),
    "no http at all": b"SSH-2.0-OpenSSH_9.2\r\n",
    "a status that is none": b"HTTP/1.1 9999 What\r\n\r\n",
    "a status that is a word": b"HTTP/1.1 fine\r\n\r\n",
    "an answer that ends in its head": b"HTTP/1.1 201 Created\r\nContent-Le",
    "an answer that ends in its body": whole(text(GOOD))[:-9],
    "a length that is none": whole(b"{}").replace(b"Length: 2", b"Length: -2"),
    "chunks that are none": f"HTTP/1.1 201 Created{FOREVER}zz\r\n{{}}".encode(),
    "chunks that end early": f"HTTP/1.1 201 Created{FOREVER}2\r\n{{}}\r\n".encode(),
    "a head line without end": b"HTTP/1.1 201 Created\r\nX: " + b"x" * 70_000 + b"\r\n\r\n",
    "more head lines than any": b"HTTP/1.1 201 Created\r\n" + b"X: x\r\n" * 200 + b"\r\n",
    "head lines that are none": b"HTTP/1.1 201 Created\r\n\x00\x01 nothing\r\n: x\r\n\r\n{}",
    "packed bytes that are not packed": whole(b"{}", more="Content-Encoding: gzip\r\n"),
    "something packed without end": whole(
        gzip.compress(b" " * 100_000_000, 1), more="Content-Encoding: gzip\r\n"
    ),
    "a status that informs": b"HTTP/1.1 103 Early Hints\r\n\r\n",
    "a page of a proxy that forbids": whole(b"<html>no</html>", "403 Forbidden", "text/html"),
    "hanging up": b"",
    "a receipt with a position below one": whole(text(GOOD | {"position": 0})),
    "a receipt whose position is no number": whole(text(GOOD | {"position": True})),
    "a receipt whose position is another one": whole(text(GOOD | {"position": 4})),
    "a receipt whose leaf is another one": whole(text(GOOD | {"leaf": "0" * 64})),
    "a receipt whose lines are no texts": whole(text(GOOD | {"seq": 1})),
    "a receipt whose lines are no json": whole(text(GOOD | {"ctx": "{" * 50_000})),
    "a receipt of lone surrogates": whole(text(GOOD | {"ctx": "\ud800"})),
    "the receipt of another event": whole(text(receipt(3, "pipeledger.incident.opened.v1"))),
}


@pytest.mark.parametrize("raw", ANSWERS.values(), ids=ANSWERS)
def test_what_is_no_receipt_leaves_the_event_waiting(
    command: Command, ledger: Listening, raw: bytes
) -> None:
    """Exit 0 and one line; the event is on disk, and comes when the ledger itself answers."""
    with hostile(answering(raw)) as server:
        done = command(*EMIT, "--id", "kept", changes={"PIPELEDGER_URL": server.url})
        assert server.requests
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1
    assert "waits in the spool, 1 in all" in done.stderr
    assert done.stderr.rstrip("\n").isprintable()
    command("spool", "flush")
    assert ledger.ids == ["kept"]


@pytest.mark.parametrize("verb", ["verify", "trust", "emit --strict", "record", "spool flush"])
@pytest.mark.parametrize(
    "raw",
    [ANSWERS["html instead of json"], ANSWERS["no http at all"], ANSWERS["hanging up"]],
    ids=["html", "no http", "hanging up"],
)
def test_every_verb_says_one_line_and_exits_as_documented(
    command: Command, raw: bytes, verb: str
) -> None:
    """2: could not be verified; 1: not trusted, or strict; 0: kept for later."""
    (command.home / "junit.xml").write_text("<testsuites/>")
    command(*EMIT, changes={"PIPELEDGER_URL": ""})
    with hostile(answering(raw)) as server:
        words, status = {
            "verify": (("verify", server.url), 2),
            "trust": (("trust", "add", server.url, "--fingerprint", "sha256:" + "0" * 64), 1),
            "emit --strict": ((*EMIT, "--strict"), 1),
            "record": (("record", "junit.xml"), 0),
            "spool flush": (("spool", "flush"), 0),
        }[verb]
        done = command(*words, status=status, changes={"PIPELEDGER_URL": server.url})
        assert server.requests
    assert done.stderr.count("\n") == 1
    assert done.stderr.startswith("pipeledger: ")


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("verb", ["emit", "verify"])
def test_a_redirect_is_not_followed_and_the_token_goes_nowhere_else(
    command: Command, ledger: Listening, status: int, verb: str
) -> None:
    """Neither to another host nor to another path of the same one."""
    with listening() as elsewhere:
        place = f"{elsewhere.url}/v1/default/events?t={TOKEN}"
        ledger.behave = lambda _: Reply(status, b"{}", {"Location": place})
        if verb == "emit":
            said = command(*EMIT).stderr
            assert len(command.waiting()) == 1
        else:
            said = command("verify", ledger.url, status=2).stderr
        assert "redirects, which is not followed" in said
        assert said.count("\n") == 1
        assert elsewhere.requests == []
    assert len(ledger.requests) == 1


def test_the_token_goes_to_its_own_address_only(command: Command, ledger: Listening) -> None:
    """Another ledger that is looked at gets none; nor the same host on another port."""
    with listening() as other:
        other.written = Writer()
        command("verify", other.url, status=2)
        assert all("authorization" not in one.headers for one in other.requests)
        assert other.requests
    command(*EMIT)
    assert ledger.requests[-1].headers["authorization"] == f"Bearer {TOKEN}"


def test_the_ledger_s_token_does_not_travel_in_clear(command: Command) -> None:
    """To another machine without https, unless somebody said that it may."""
    here = Settings.read(command.environment)

    def sent(url: str, *, plain_http: bool = False) -> str:
        settings = replace(here, url=url, plain_http=plain_http)
        return Transport(url, "default", settings)._headers.get("Authorization", "")

    with pytest.raises(UsageError, match="not sent without https; PIPELEDGER_PLAIN_HTTP=1"):
        sent("http://ledger.example")
    for url in ("https://ledger.example", "http://127.0.0.1:1", "http://[::1]:1"):
        assert TOKEN in sent(url)
    assert TOKEN in sent("http://ledger.example", plain_http=True)
    assert Settings.read(command.environment | {"PIPELEDGER_PLAIN_HTTP": "1"}).plain_http
    told = command(*EMIT, changes={"PIPELEDGER_URL": "http://ledger.example"}).stderr
    assert "not sent without https" in told
    assert "waits in the spool" in told


def test_a_proxy_is_given_the_password_that_its_address_holds() -> None:
    """With or without a scheme; and an address that is none is not repeated."""
    for scheme in ("http://", ""):
        pool = connections(f"{scheme}user:p%40ss@proxy.example:3128")
        assert isinstance(pool, ProxyManager)
        assert pool.proxy is not None
        assert (pool.proxy.host, pool.proxy.port) == ("proxy.example", 3128)
        assert pool.proxy_headers == {"Proxy-Authorization": "Basic dXNlcjpwQHNz"}
    plain = connections("http://proxy.example:3128")
    assert isinstance(plain, ProxyManager)
    assert plain.proxy_headers == {}
    with pytest.raises(ValueError, match=r"^the address of the proxy cannot") as caught:
        connections("http://user:pass@proxy.example:99999999")
    assert "pass" not in reason_of(caught.value)


@pytest.mark.parametrize("where", ["detail", "place", "page", "status line", "head", "receipt"])
@pytest.mark.parametrize("status", ["400 Bad", "401 Unauthorized", "500 Oops", "201 Created"])
def test_a_token_that_is_echoed_is_not_shown(command: Command, where: str, status: str) -> None:
    """In no output and in no file: logs are read by more people than should hold the token."""
    escaped = "".join(f"\\u{ord(char):04x}" for char in TOKEN)
    raw = {
        "detail": whole(text({"detail": f"bad token {TOKEN.upper()}"}), status),
        "place": whole(f'{{"place":"{escaped}","detail":"bad"}}'.encode(), status),
        "page": whole(f"<p>{TOKEN}</p>".encode(), status, "text/html"),
        "status line": f"{TOKEN} {status}\r\n\r\n".encode(),
        "head": whole(b"{}", status, more=f"X-Echo: {TOKEN}\r\nRetry-After: {TOKEN}\r\n"),
        "receipt": whole(text(GOOD | {"checkpoint": TOKEN}), status),
    }[where]
    with hostile(answering(raw)) as server:
        changes = {"PIPELEDGER_URL": server.url}
        done = command(*EMIT, "--json", changes=changes)
        done.stdout += command("spool", "status", changes=changes).stdout
        assert TOKEN.lower() not in (done.stdout + done.stderr).lower()
    files = [one.read_bytes().lower() for one in command.home.rglob("*") if one.is_file()]
    assert all(TOKEN.lower().encode() not in one for one in files)


@pytest.mark.parametrize(
    ("said", "tries"), [("0", 5), ("", 5), ("soon", 5), ("Wed, 21 Oct 2065 07:28:00 GMT", 5),
                        ("9" * 400, 1), ("3600", 1)],
)  # fmt: skip
def test_a_limit_is_waited_for_only_so_long(
    command: Command, ledger: Listening, said: str, tries: int
) -> None:
    """Retry-After of an hour does not hold up the job; nonsense counts as not said."""
    ledger.behave = lambda _: Reply(429, b'{"detail":"slow down"}', {"Retry-After": said})
    begin = time.monotonic()
    done = command(*EMIT)
    assert time.monotonic() - begin < SLOW_S
    assert "slow down" in done.stderr
    assert done.stderr.count("\n") == 1
    assert (len(ledger.requests), len(command.waiting())) == (tries, 1)


def test_a_short_wait_is_kept_and_the_event_sent(command: Command, ledger: Listening) -> None:
    """A limit that is over in a second is no trouble worth a word."""
    times: list[float] = []

    def behave(_: Request) -> Reply | None:
        times.append(time.monotonic())
        return Reply(429, b"{}", {"Retry-After": "1"}) if len(times) == 1 else None

    ledger.behave = behave
    assert command(*EMIT).stderr == ""
    assert times[1] - times[0] >= 1
    assert command.waiting() == []


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_errors_of_the_server_are_not_tried_again_and_again(
    command: Command, ledger: Listening, status: int
) -> None:
    """A Retry-After with them changes nothing: the event waits, the job goes on."""
    ledger.behave = lambda _: Reply(status, b"oops", {"Retry-After": "1"})
    assert command(*EMIT).stderr.count("\n") == 1
    assert (len(ledger.requests), len(command.waiting())) == (1, 1)


def _slow_head(server: Hostile, connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 201 Created\r\nX: ")
    server.drip(connection, b"x")


def _slow_body(server: Hostile, connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 201 Created\r\nContent-Length: 1000000\r\n\r\n{")
    server.drip(connection, b" ")


def _slow_chunks(server: Hostile, connection: socket.socket) -> None:
    connection.sendall(f"HTTP/1.1 201 Created{FOREVER}".encode())
    server.drip(connection, b"1\r\n \r\n")


def _slow_error(server: Hostile, connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 500 Oops\r\nContent-Length: 1000000\r\n\r\n{")
    server.drip(connection, b" ")


def _continuing(server: Hostile, connection: socket.socket) -> None:
    server.drip(connection, b"HTTP/1.1 100 Continue\r\n\r\n")


def _silent(server: Hostile, _: socket.socket) -> None:
    server.closing.wait()


def _huge(server: Hostile, connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 201 Created\r\n\r\n{")
    piece = b" " * 1_000_000
    while not server.closing.is_set():
        connection.sendall(piece)


WITHOUT_HEAD = [_slow_head, _continuing, _silent]
SCRIPTS = [_slow_head, _slow_body, _slow_chunks, _slow_error, _continuing, _silent, _huge]


@pytest.mark.parametrize("secure", [False, True], ids=["plain", "tls"])
@pytest.mark.parametrize("script", SCRIPTS)
def test_an_answer_without_end_is_waited_for_only_so_long(
    command: Command,
    tmp_path: Path,
    script: Callable[[Hostile, socket.socket], None],
    *,
    secure: bool,
) -> None:
    """PIPELEDGER_TIMEOUT bounds the whole answer, not each byte of it."""
    certificate = tmp_path / "own.pem" if secure else None
    if certificate is not None:
        write_certificate(certificate, name="localhost")
    with hostile(script, certificate) as server:
        changes = {
            "PIPELEDGER_URL": server.url.replace("127.0.0.1", "localhost"),
            "PIPELEDGER_TIMEOUT": "1",
        }
        if certificate is not None:
            changes["SSL_CERT_FILE"] = str(certificate)
        for words, status in ((EMIT, 0), (("verify", changes["PIPELEDGER_URL"]), 2)):
            begin = time.monotonic()
            done = command(*words, status=status, changes=changes)
            assert time.monotonic() - begin < SLOW_S
            assert done.stderr.count("\n") == 1
            if script in WITHOUT_HEAD:
                assert "no answer in time" in done.stderr
        assert len(server.requests) == 2
    assert len(command.waiting()) == 1


def test_a_report_may_take_longer_to_send_than_to_connect(command: Command) -> None:
    """A slow line is no ledger that is away: every piece has its own time."""
    report = command.home / "big.xml"
    report.write_bytes(b"<testsuites>" + b" " * 12_000_000 + b"</testsuites>")
    row = {"status": 201, "receipt": receipt(1, "pipeledger.tests.finished.v1")}
    body = text({"recognised": {"format": "junit"}, "receipts": [row]})
    with hostile(answering(whole(body)), reads_per_s=8_000_000) as server:
        changes = {"PIPELEDGER_URL": server.url, "PIPELEDGER_TIMEOUT": "1"}
        assert "tests.finished at position 1" in command("record", report, changes=changes).stdout


@pytest.mark.parametrize("fault", ["unknown", "other name", "ended", "plain"])
def test_a_server_that_cannot_show_who_it_is_gets_nothing(
    command: Command, tmp_path: Path, fault: str
) -> None:
    """Neither event nor token go over a connection whose other end is not certain."""
    certificate = tmp_path / "own.pem"
    write_certificate(
        certificate,
        name="other.example" if fault == "other name" else "localhost",
        days=-1 if fault == "ended" else 1,
    )
    with hostile(answering(whole(text(GOOD))), None if fault == "plain" else certificate) as server:
        url = server.url.replace("127.0.0.1", "localhost").replace("http:", "https:")
        changes = {"PIPELEDGER_URL": url}
        if fault != "unknown":
            changes["SSL_CERT_FILE"] = str(certificate)
        assert command(*EMIT, changes=changes).stderr.count("\n") == 1
        assert command("verify", url, status=2, changes=changes).stderr.count("\n") == 1
        assert all(TOKEN.encode() not in one for one in server.requests)
    assert len(command.waiting()) == 1


def test_words_of_the_answer_cannot_steer_the_terminal(command: Command, ledger: Listening) -> None:
    """Control characters and line feeds in an answer stay in one plain line."""
    (command.home / "junit.xml").write_text("<testsuites/>")
    evil = "\x1b[2J\r\n\u202eevil\ud800"
    row = {"status": 201, "receipt": receipt(1, f"pipeledger.{evil}.v1")}
    body = text({"recognised": {"format": evil, "tool": evil}, "receipts": [row]})
    ledger.behave = lambda _: Reply(201, body)
    shown = command("record", "junit.xml").stdout
    ledger.behave = lambda _: Reply(400, text({"place": evil, "detail": evil}))
    refused = command(*EMIT).stderr
    for line in (shown, refused):
        assert line.count("\n") == 1
        assert line.rstrip("\n").isprintable()


def test_receipts_of_a_group_belong_to_its_events(command: Command, ledger: Listening) -> None:
    """Swapped ones are not believed; what was not answered for stays, and comes later."""
    command(*EMIT, "--id", "one", changes={"PIPELEDGER_URL": ""})
    command("emit", "incident", "service=a", "--id", "two", changes={"PIPELEDGER_URL": ""})
    rows = [
        {"status": 201, "receipt": receipt(2, "pipeledger.incident.opened.v1")},
        {"status": 201, "receipt": receipt(1, DEPLOYED)},
    ]
    ledger.behave = lambda _: Reply(207, text({"receipts": rows, "checkpoint": "note"}))
    assert "receipt of another event" in command("spool", "flush").stderr
    assert len(command.waiting()) == 2
    ledger.behave = lambda _: None
    command("spool", "flush")
    assert ledger.ids == ["one", "two"]
