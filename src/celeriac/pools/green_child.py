"""The start of a child of green threads: `python -m celeriac.pools.green_child <library> <descriptor>`.

The library patches the standard library first of all: what is imported before that would keep what it imported.
"""

import sys


def main(library: str, descriptor: str) -> None:
    """Never returns."""
    if library == "gevent":
        from gevent import monkey

        monkey.patch_all()
    else:
        import eventlet

        eventlet.monkey_patch()
    from celeriac.pools import spawned

    spawned.main(descriptor)


if __name__ == "__main__":
    main(*sys.argv[1:])
