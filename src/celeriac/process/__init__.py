"""The operating system's side of a worker: forking, shared memory, sockets between parent and children."""
