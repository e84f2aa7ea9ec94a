"""Servers that tests start for themselves, on free ports, and stop."""
