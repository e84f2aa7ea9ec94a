"""`celeriac list`: what a broker knows of queues and exchanges."""
