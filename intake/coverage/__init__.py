"""Reports of test coverage."""
