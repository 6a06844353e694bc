"""PostgreSQL: recorder, embedded server, identity register, documents."""
