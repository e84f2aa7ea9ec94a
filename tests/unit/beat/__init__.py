"""Tests of beat: schedulers, policies, the agenda, the file, run-time changes."""
