"""Values, ports, errors, states, signals, clock and ids: no I/O, no globals, nothing above is known here."""
