"""The declarations of all settings, one table for each area."""
