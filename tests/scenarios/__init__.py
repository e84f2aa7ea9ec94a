"""Scenarios: whole workers and commands as users run them."""
