"""Events: what workers and clients tell monitors, and what monitors make of it."""
