"""What operators see of the server itself: traces and metrics by OpenTelemetry, logs in JSON."""
