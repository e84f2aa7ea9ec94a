"""The command line: one group, one file a sub-command, each imported only when it is called."""
