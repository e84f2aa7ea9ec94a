"""`celeriac upgrade settings FILE`: old setting names to those of today."""

import io
import shutil
import tokenize
from pathlib import Path

import click

from celeriac.settings import BY_OLD
from celeriac.settings.names import celery_spelling

from .printing import plural


@click.group("upgrade")
def command() -> None:
    """Bring files of an older program up to date."""


@command.command("settings")
@click.argument("filename", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--django", is_flag=True, help="Names for config_from_object(..., namespace='CELERY').")
@click.option("--compat", is_flag=True, help="The same as --django, as in Celery.")
@click.option("--no-backup", is_flag=True, help="Don't keep the old file as FILE.orig.")
def upgrade_settings(filename: Path, django: bool, compat: bool, no_backup: bool) -> None:
    """Write the settings in FILENAME (CELERY_TASK_SERIALIZER) by the names of today (task_serializer)."""
    before = filename.read_text()
    after, count = renamed(before, django or compat)
    if not count:
        click.echo("No old names were found.")
        return
    if not no_backup:
        shutil.copy2(filename, f"{filename}.orig")
    filename.write_text(after)
    click.echo(f"{plural(count, 'name')} changed in {filename}.")


def renamed(source: str, django: bool) -> tuple[str, int]:
    """The text with every old name replaced, in code only, and how many there were."""
    lines = source.splitlines(keepends=True)
    found = 0
    tokens = list(tokenize.generate_tokens(io.StringIO(source).readline))
    for token in reversed(tokens):  # from the end, so that the places of the others stay right
        setting = BY_OLD.get(celery_spelling(token.string)) if token.type == tokenize.NAME else None
        if setting is None:
            continue
        name = f"CELERY_{setting.name.upper()}" if django else setting.name
        if name == token.string:
            continue
        row, column = token.start
        line = lines[row - 1]
        lines[row - 1] = line[:column] + name + line[column + len(token.string) :]
        found += 1
    return "".join(lines), found
