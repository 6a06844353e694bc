"""Whether telemetry is wanted, by the standard variables (OpenTelemetry, SDK configuration).

Without them nothing of the SDK is even loaded.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from domain.errors import SettingError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from api.telemetry.journey import Telemetry

SIGNALS: Final = ("traces", "metrics")


def exporter(environ: Mapping[str, str], signal: str) -> str | None:
    """The exporter of a signal: `otlp`, `console`, or None for none.

    Raises:
        SettingError: another one is asked for.
    """
    if environ.get("OTEL_SDK_DISABLED", "").strip().lower() == "true":
        return None
    name = f"OTEL_{signal.upper()}_EXPORTER"
    chosen = environ.get(name, "").strip().lower()
    if not chosen:
        to = ("OTEL_EXPORTER_OTLP_ENDPOINT", f"OTEL_EXPORTER_OTLP_{signal.upper()}_ENDPOINT")
        return "otlp" if any(environ.get(one) for one in to) else None
    if chosen not in {"otlp", "console", "none"}:
        raise SettingError(f"{name}: expected otlp, console or none")
    return None if chosen == "none" else chosen


def start(environ: Mapping[str, str]) -> Telemetry | None:
    """Telemetry as the environment wants it; None for none."""
    if not any(exporter(environ, signal) for signal in SIGNALS):
        return None
    from api.telemetry.sdk import Exported  # noqa: PLC0415 - loaded only where it is wanted

    return Exported(exporter(environ, "traces"), exporter(environ, "metrics"))
