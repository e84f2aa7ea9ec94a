"""For tests of programs and of adapters: apps, workers and fixtures, and the conformance suites of the ports."""
