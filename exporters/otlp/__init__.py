"""Deliveries as OpenTelemetry sees them: runs as traces, events as log records, figures as metrics.

Names follow the semantic conventions for CI/CD, VCS, deployments, tests and artifacts (1.44);
what they have no name for stands under `pipeledger.`.
"""
