"""Scenarios of beat: the real commands, on SQLite and on Redis."""
