"""The console: pages for people, drawn in the server, that work without JavaScript."""
