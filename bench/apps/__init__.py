"""The programs that are measured: the same tasks for both systems; the harness imports only `counter` from here."""
