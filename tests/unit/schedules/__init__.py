"""Tests of schedules: expressions, intervals, crontabs, the sun."""
