"""HTTP, command line, authentication, and the one place where all is wired."""
