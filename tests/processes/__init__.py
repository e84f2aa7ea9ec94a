"""The pools and the operating system side of a worker, with real processes; a tiny runner understands a few words."""
