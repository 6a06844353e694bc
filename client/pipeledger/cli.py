"""The command `pipeledger`: finds the verb and turns every error into one line.

Only the verb that is called is imported; nothing that signs or speaks HTTP is needed for help.
"""

from __future__ import annotations

import os
import sys
from importlib import import_module
from typing import TYPE_CHECKING

from pipeledger import __version__
from pipeledger.discreet import discreet
from pipeledger.errors import ClientError, UnseenError, UsageError
from pipeledger.verifier.shown import plain

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import ModuleType

VERBS = {
    "emit": "send one event",
    "run": "run a command and send its start and finish",
    "record": "send report files: test results, scans",
    "import": "send what a git repository tells",
    "snapshot": "send what really runs",
    "reconcile": "compare the ledger with the code host",
    "request-approval": "ask for an approval",
    "approve": "grant what was asked for",
    "reject": "refuse to approve",
    "withdraw": "take a request or an approval back",
    "declare-emergency": "let a change go ahead before its approval",
    "query": "deployments, DORA …, or one entry, with their proof",
    "trace": "one line from commit to incident, its gaps named",
    "report": "what controls came to, as one page",
    "verify": "check a ledger, a proof, a receipt, an export",
    "trust": "choose whose keys are believed",
    "spool": "see and send what waits for the ledger",
}
USAGE = 2
SECRETS = ("PIPELEDGER_TOKEN", "GITHUB_TOKEN", "GITLAB_TOKEN")
"""Variables whose values are never printed."""
INTERRUPTED = 130
_EPILOG = """\
Environment:
  PIPELEDGER_URL        address of the ledger, such as https://ledger.example
  PIPELEDGER_LEDGER     its name there (default)
  PIPELEDGER_TOKEN      token; sent to that address only, and over a network by https only
  PIPELEDGER_PLAIN_HTTP=1  it may travel without https
  PIPELEDGER_KEY        file of an Ed25519 private key (PEM) that signs events
  PIPELEDGER_SOURCE     CloudEvents source of what is sent
  PIPELEDGER_SPOOL      folder where events wait while the ledger is away
  PIPELEDGER_SPOOL_MB   largest size of that folder (1024)
  PIPELEDGER_STRICT=1   a failed delivery fails the job
  GITHUB_TOKEN, GITLAB_TOKEN  of `reconcile`; sent to the code host only
  PIPELEDGER_TIMEOUT    seconds to wait for one answer (30)
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; the exit status."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    with discreet(*(os.environ.get(name, "").strip() for name in SECRETS)):
        return _guarded(words)


def _guarded(words: list[str]) -> int:
    try:
        return _run(words)
    except ClientError as error:
        return _complain(str(error), USAGE if isinstance(error, UsageError | UnseenError) else 1)
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        # The reader of our output is gone; what is left unwritten must not fail at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except OSError as error:
        where = f"{error.filename}: " if isinstance(error.filename, str) else ""
        return _complain(f"{where}{error.strerror or error}", 1)
    except Exception as error:  # noqa: BLE001 - a CI log is no place for a traceback
        return _complain(f"unexpected {type(error).__name__}: {error}", 1)


def help_text() -> str:
    """What `--help` prints."""
    rows = "".join(f"  {verb:<17} {what}\n" for verb, what in VERBS.items())
    return (
        "usage: pipeledger VERB ...\n\n"
        "Sends delivery events to a Pipeledger ledger, and verifies the ledger.\n\n"
        f"Verbs:\n{rows}\n"
        "`pipeledger VERB --help` tells more. `--version` prints the version.\n\n" + _EPILOG
    )


def _run(words: list[str]) -> int:
    if not words or words[0] in ("-h", "--help", "help"):
        sys.stdout.write(help_text())
        return 0 if words else USAGE
    if words[0] in ("-V", "--version"):
        sys.stdout.write(f"pipeledger {__version__}\n")
        return 0
    if words[0] not in VERBS:
        raise UsageError(f"no verb {words[0]!a}; there are {', '.join(VERBS)}")
    # A module cannot be called by a word of the language.
    name = "history" if words[0] == "import" else words[0].replace("-", "_")
    verb: ModuleType = import_module(f"pipeledger.commands.{name}")
    status: int = verb.main(words[1:])
    return status


def _complain(message: str, status: int) -> int:
    sys.stderr.write(f"pipeledger: {plain(message)}\n")
    return status
