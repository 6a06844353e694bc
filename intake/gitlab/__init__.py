"""GitLab: webhooks of projects, groups and instances, and its audit events."""
