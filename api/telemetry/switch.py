"""Whether telemetry is wanted, by the standard variables (OpenTelemetry, SDK configuration).

Without them nothing of the SDK is even loaded.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from api.telemetry.journey import Telemetry

SIGNALS: Final = ("traces", "metrics")


def exporter(environ: Mapping[str, str], signal: str) -> str | None:
    """The exporter of a signal: `otlp`, `console`, or None for none."""
    if environ.get("OTEL_SDK_DISABLED", "").strip().lower() == "true":
        return None
    chosen = environ.get(f"OTEL_{signal.upper()}_EXPORTER", "").strip().lower()
    if not chosen:
        to = ("OTEL_EXPORTER_OTLP_ENDPOINT", f"OTEL_EXPORTER_OTLP_{signal.upper()}_ENDPOINT")
        return "otlp" if any(environ.get(name) for name in to) else None
    return chosen if chosen in {"otlp", "console"} else None


def start(environ: Mapping[str, str]) -> Telemetry | None:
    """Telemetry as the environment wants it; None for none."""
    if not any(exporter(environ, signal) for signal in SIGNALS):
        return None
    from api.telemetry.sdk import Exported  # noqa: PLC0415 - loaded only where it is wanted

    return Exported(exporter(environ, "traces"), exporter(environ, "metrics"))
