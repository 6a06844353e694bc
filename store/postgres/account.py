"""The account that runs the embedded server: PostgreSQL refuses to run as root."""

from __future__ import annotations

import os
import pwd
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from domain.errors import SettingError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

VARIABLE: Final = "PIPELEDGER_PG_USER"
DEFAULT: Final = "nobody"


@dataclass(frozen=True, slots=True)
class Account:
    """A service account to which a child process drops its privileges."""

    name: str
    uid: int
    gid: int

    def reaches(self, folder: Path) -> bool:
        """Whether this account may enter `folder`: asked by entering it.

        Raises:
            SettingError: this root may not change accounts (a container without that right).
        """
        try:
            done = subprocess.run(  # noqa: S603 -- the shell's own text; the folder is an argument
                ["/bin/sh", "-c", 'cd "$1"', "sh", folder],
                check=False,
                capture_output=True,
                cwd="/",
                user=self.uid,
                group=self.gid,
                extra_groups=[],
            )
        except (OSError, subprocess.SubprocessError) as error:
            raise SettingError(
                f"root may not become the account {self.name} here ({error}): start as an "
                "ordinary user, or give a database address"
            ) from error
        return done.returncode == 0


def service_account(environment: Mapping[str, str]) -> Account | None:
    """The account to drop to; None where this process is not root and stays who it is.

    Raises:
        SettingError: the account named by PIPELEDGER_PG_USER does not exist or is root.
    """
    if os.geteuid() != 0:
        return None
    name = environment.get(VARIABLE, DEFAULT)
    try:
        found = pwd.getpwnam(name)
    except KeyError:
        raise SettingError(f"{VARIABLE}: there is no account {name!r}") from None
    if found.pw_uid == 0:
        raise SettingError(f"{VARIABLE}: PostgreSQL does not run as root; name another account")
    return Account(name=name, uid=found.pw_uid, gid=found.pw_gid)
