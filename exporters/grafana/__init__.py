"""What Grafana is provisioned with: dashboards and alert rules over `/metrics`."""
