"""`python -m pipeledger` is the command `pipeledger`."""

from __future__ import annotations

import sys

from pipeledger.cli import main

sys.exit(main())
