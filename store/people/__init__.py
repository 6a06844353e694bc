"""Who the opaque ids are: outside the log, under keys that can be destroyed."""
