"""`celeriac settings`: what can be set, what is set, and whether it is right."""

from typing import Any

import click

from celeriac.settings import ALL, AVAILABLE, BY_NAME, INERT, Setting, censored, differences
from celeriac.settings.censor import MASK
from celeriac.settings.judge import unknown_name
from celeriac.settings.names import find

from .context import configured, session
from .printing import printable, table


@click.group("settings", short_help="List, explain and check settings.")
def command() -> None:
    """Settings: list them, explain one, check an app's."""


@command.command("list")
@click.option("--changed", is_flag=True, help="Only those that the app sets.")
@click.option("--differences", "different", is_flag=True, help="Those whose default is not Celery's, and why.")
@click.argument("part", required=False)
def list_settings(changed: bool, different: bool, part: str | None) -> None:
    """List the settings in force, or those with PART in their names; * marks those the app sets."""
    if different:
        rows = [(one.name, repr(one.default), repr(one.celery_default), one.why) for one in differences()]
        click.echo(table(("SETTING", "CELERIAC", "CELERY", "WHY"), rows))
        return
    with configured():
        conf = session().app.conf
        explicit = conf.without_defaults()
    for setting in ALL:
        name = setting.name
        if (part and part.lower() not in name) or (changed and name not in explicit):
            continue
        click.echo(f"{'*' if name in explicit else ' '} {name} = {_shown(setting, conf[name])}")


@command.command("show")
@click.argument("name")
def show(name: str) -> None:
    """Explain the setting NAME, which may be an old name."""
    meaning = find(name)
    if meaning is None:
        raise click.UsageError(unknown_name(name))
    click.echo(explanation(meaning.setting, _value_in_app(meaning.setting)))


@command.command("check")
def check() -> None:
    """Read the app's settings and say what is wrong with them; exit code 2 if anything is."""
    with configured():
        app = session().app
        conf = app.conf.finalize()
        explicit = conf.without_defaults()
    known = [BY_NAME[name] for name in explicit if name in BY_NAME]
    for setting in known:
        if setting.feature == INERT and not setting.is_default(conf[setting.name]):
            click.echo(f"  {setting.name} has no effect in this release")
    click.echo(f"{len(known)} settings are set, and all are understood.")


def explanation(setting: Setting, now: str | None) -> str:
    """All that is declared of a setting."""
    lines = [setting.name, f"  {setting.doc}", "", f"  type     {setting.kind.name}: {setting.kind.expects}"]
    lines.append(f"  default  {setting.default!r}")
    if setting.celery_default != setting.default and not setting.own:
        lines.append(f"  Celery's {setting.celery_default!r}")
    if setting.why:
        lines.append(f"  why      {setting.why}")
    if setting.old_name:
        lines.append(f"  old name {setting.old_name}")
    if setting.own:
        lines.append("  Only Celeriac has it.")
    if setting.feature != AVAILABLE:
        what = "may be set, but nothing reads it" if setting.feature == INERT else "only its default is accepted"
        lines.append(f"  In this release {what}.")
    if now is not None:
        lines.append(f"  now      {now}")
    return "\n".join(lines)


def _value_in_app(setting: Setting) -> str | None:
    mine = session()
    if not mine.names_app:
        return None
    with configured():
        return _shown(setting, mine.app.conf[setting.name])


def _shown(setting: Setting, value: Any) -> str:
    return MASK if setting.secret and value else printable(repr(censored(setting.name, value)))
