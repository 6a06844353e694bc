"""Results of k6, a load testing tool."""
