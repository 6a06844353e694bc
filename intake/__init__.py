"""What tools say, turned into events: one small module a format."""
