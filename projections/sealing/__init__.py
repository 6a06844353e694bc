"""Processes that seal segments side by side."""
