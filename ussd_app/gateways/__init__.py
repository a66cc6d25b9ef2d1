"""The outside companies, each behind a Protocol that says what we need of it."""
