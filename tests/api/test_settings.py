"""What stops a start, and what it says: one line, and nothing is begun."""

from __future__ import annotations

import socket
import sys
import tempfile
from typing import TYPE_CHECKING

import pytest

from api.cli import main
from api.host import check_name
from api.listening import url_of
from domain.errors import SettingError

if TYPE_CHECKING:
    from pathlib import Path


def _stopped(
    words: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> str:
    """What the command says on standard error before it ends with status 2."""
    monkeypatch.setattr(sys, "argv", ["pipeledger-server", *words])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    return capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("PIPELEDGER_PORT", "99999", "'--port': 99999 is not in the range 0<=x<=65535"),
        ("PIPELEDGER_PORT", "http", "'--port': 'http' is not a valid integer range"),
        ("PIPELEDGER_HOST", "203.0.113.9", "cannot listen on 203.0.113.9 port 0: "),
        ("PIPELEDGER_PUBLIC_URL", "ledger.example", "'--public-url': expected an address such as"),
        ("PIPELEDGER_PUBLIC_URL", "127.0.0.1:80", "https://ledger.example.org, with its scheme"),
        ("PIPELEDGER_METRICS", "all", "'--metrics': 'all' is not one of 'token', 'loopback'"),
        ("PIPELEDGER_OUTGOING", "mail", "'--outgoing': 'mail' is not 'otlp'"),
        ("PIPELEDGER_LOG_LEVEL", "loud", "PIPELEDGER_LOG_LEVEL: expected one of debug, info"),
        ("PIPELEDGER_WITNESSING", "maybe", "PIPELEDGER_WITNESSING: expected open or closed"),
        ("PIPELEDGER_GUARD", "ftp://there", "PIPELEDGER_GUARD: ftp: is no form of it"),
        ("PIPELEDGER_CONTROLS", "/nowhere", "/nowhere is no folder of controls"),
        ("PIPELEDGER_DATABASE_URL", "mysql://there", "neither a postgresql:// URL nor a libpq"),
        ("OTEL_TRACES_EXPORTER", "jaeger", "OTEL_TRACES_EXPORTER: expected otlp, console or none"),
    ],
)
def test_a_wrong_setting_stops_the_start_with_one_line(
    name: str,
    value: str,
    said: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The line names the setting, and no data folder was made."""
    monkeypatch.setenv("PIPELEDGER_PORT", "0")
    monkeypatch.setenv(name, value)
    line = _stopped(["serve", "--data", str(tmp_path / "data")], monkeypatch, capsys)
    assert said in line
    assert line.startswith("pipeledger-server: ")
    assert line.count("\n") == 1
    assert list(tmp_path.iterdir()) in ([], [tmp_path / "data"])


@pytest.mark.parametrize("database", [[], ["--database", "postgresql://127.0.0.1:1/none"]])
def test_a_data_folder_that_cannot_be_one_is_named(
    database: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """What the system says of it, with its path."""
    (tmp_path / "data").write_text("a file")
    words = ["ledger", "list", "--data", str(tmp_path / "data"), *database]
    line = _stopped(words, monkeypatch, capsys)
    said = f"the data folder {tmp_path / 'data'} cannot be made: File exists"
    assert line == f"pipeledger-server: {said}\n"


def test_a_ledger_takes_no_place_of_the_console() -> None:
    """Its pages would be hidden behind what lies there."""
    with pytest.raises(SettingError, match="assets is a place of the console's own"):
        check_name("assets")
    check_name("asset")


def test_a_port_that_is_taken_stops_the_start_before_a_ledger_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Else the first token would have been made, and shown to nobody."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        line = _stopped(
            ["serve", "--data", str(tmp_path / "data"), "--port", port], monkeypatch, capsys
        )
    assert "Address already in use; --host and --port choose another" in line
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("by_variable", [True, False])
def test_the_demo_says_how_it_takes_another_port(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    *,
    by_variable: bool,
) -> None:
    """By its own words, which those of its server are not; no server was started for it."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        if by_variable:
            monkeypatch.setenv("DEMO_PORT", port)
        words = ["demo", "--exit", *([] if by_variable else ["--port", port])]
        line = _stopped(words, monkeypatch, capsys)
    assert f"cannot listen on 127.0.0.1 port {port}: Address already in use; DEMO_PORT=" in line
    assert "make demo, or demo --port" in line
    assert "--host" not in line
    assert line.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_a_data_folder_without_the_ledger_says_how_another_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whoever served from `--data` runs every other command with it, too."""
    words = ["token", "list", "--data", str(tmp_path / "data")]
    assert "--data or PIPELEDGER_DATA names" in _stopped(words, monkeypatch, capsys)


def test_an_address_of_ipv6_stands_in_brackets() -> None:
    """So that what is printed can be opened as it is."""
    assert url_of("::1", 8400) == "http://[::1]:8400"
    assert url_of("ledger.example", 8400) == "http://ledger.example:8400"
