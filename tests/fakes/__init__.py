"""Stand-ins at the edge of the system: small HTTP servers and ordinary classes."""
