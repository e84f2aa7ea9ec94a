"""`celeriac logtool`: what the log files of workers say of tasks."""
