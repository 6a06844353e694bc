"""What the Vault's actions are, by the numbers of its messages.

The numbers are those of the Vault's list of audit actions; what is not among them tells of no
secret, right or setting.
"""

from __future__ import annotations

from typing import Final

ACCESSED: Final = "secret.accessed"
ROTATED: Final = "secret.rotated"
REVOKED: Final = "secret.revoked"
GRANTED: Final = "access.granted"
TAKEN: Final = "access.revoked"
ELEVATED: Final = "access.elevated"
CHANGED: Final = "config.changed"
FAILED: Final = "login.failed"

ACTIONS: Final = {
    **dict.fromkeys((22, 51, 295, 308, 414, 428, 38, 415), ACCESSED),
    **dict.fromkeys((24, 31, 88, 294, 316, 317, 416, 418, 427), ROTATED),
    52: REVOKED,
    **dict.fromkeys((32, 265), GRANTED),
    **dict.fromkeys((266, 273), TAKEN),
    300: ELEVATED,
    **dict.fromkeys(
        (33, 50, 57, 60, 105, 106, 107, 124, 130, 180, 181, 182, 185, 187, 259, 278, 467), CHANGED
    ),
    309: FAILED,
}
AUTHENTICATION: Final = 4
"""A user who proves who they are; it is told with severity Error where they could not."""
FAILURES: Final = frozenset({38, 57, 60, 415})
"""Actions that say by their own number that they failed."""

BY_NAME: Final = {
    "retrieve password": ACCESSED, "use password": ACCESSED, "retrieve ssh key": ACCESSED,
    "retrieve file": ACCESSED, "cpm verify password": ACCESSED,
    "cpm change password": ROTATED, "cpm reconcile password": ROTATED, "store password": ROTATED,
    "set password": ROTATED, "store ssh key": ROTATED, "delete file": REVOKED,
    "add owner": GRANTED, "remove owner": TAKEN, "psm connect": ELEVATED,
}  # fmt: skip
"""The same, where a message has no number."""

MACHINES: Final = frozenset({"batch", "notificationengine", "dr", "backup", "operator"})
"""Users that CyberArk makes for its own components."""
COMPONENTS: Final = (
    "passwordmanager", "passwordupload", "pvwaapp", "pvwagw", "pvwamonitor", "psmapp", "psmgw",
    "psmpapp", "psmpgw", "psmp_adb", "prov_", "appprovider",
)  # fmt: skip
"""How the names of others begin; that of their machine may follow."""
