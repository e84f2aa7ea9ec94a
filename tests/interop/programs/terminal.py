"""Runs a command on a terminal of its own, and prints what appears there."""

import os
import pty
import signal
import sys

if __name__ == "__main__":
    pid, master = pty.fork()
    if pid == 0:
        os.execv(sys.argv[1], sys.argv[1:])
    signal.signal(signal.SIGTERM, lambda *_: os.kill(pid, signal.SIGTERM))
    while True:
        try:
            data = os.read(master, 4096)
        except OSError:  # nobody has it open any more
            break
        os.write(1, data)
    os.waitpid(pid, 0)
