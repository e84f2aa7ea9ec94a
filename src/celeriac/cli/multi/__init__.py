"""celeriac multi: several workers on one machine, started and stopped by name."""
