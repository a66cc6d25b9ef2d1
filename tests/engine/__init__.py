"""The dialogue engine, tested without a database, Redis or Flask."""
