"""PostgreSQL and Redis: rows and dialogues in, rows and dialogues out."""
