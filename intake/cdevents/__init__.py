"""CDEvents: events of software delivery in a common vocabulary."""
