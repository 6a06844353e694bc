"""What really runs, read from the answers of the caller's own tools."""
