"""What workers and clients tell monitors, on each kind of store."""
