"""The command `celeriac`, also as `python -m celeriac`."""

import sys


def main() -> None:
    """Run the command line."""
    from celeriac.cli.main import celeriac

    sys.exit(celeriac(standalone_mode=True))


if __name__ == "__main__":
    main()
