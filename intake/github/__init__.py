"""GitHub: webhooks, objects of its events API, and its audit log."""
