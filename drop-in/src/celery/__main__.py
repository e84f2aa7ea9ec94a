"""The command `celery`, also as `python -m celery`."""

import sys


def main() -> None:
    """Run Celeriac's command line under Celery's name and with Celery's defaults."""
    import celery._app  # noqa: F401 - its app is made where a command names none
    from celeriac.cli.main import command_line

    sys.exit(command_line("celery")(standalone_mode=True))


if __name__ == "__main__":
    main()
