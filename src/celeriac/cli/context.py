"""What every sub-command is given: the global options, and the app they name."""

import os
import sys
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

import click

from celeriac.app.lookup import find_app
from celeriac.core.errors import ImproperlyConfigured
from celeriac.current import get_current_app


def _variables(name: str) -> list[str]:
    """Where the environment may say it: under our name, or as Celery programs have it."""
    return [f"CELERIAC_{name}", f"CELERY_{name}"]


GLOBAL_OPTIONS: Final = (
    click.Option(["-A", "--app"], envvar=_variables("APP"), help="The app: module, module:attribute or package."),
    click.Option(["-b", "--broker"], envvar=_variables("BROKER_URL"), help="The broker's URL."),
    click.Option(["--result-backend"], envvar=_variables("RESULT_BACKEND"), help="The result store's URL."),
    click.Option(
        ["--loader"], envvar=_variables("LOADER"), help="The loader of apps that were given none: a class by its path."
    ),
    click.Option(["--config"], envvar=_variables("CONFIG_MODULE"), help="The module with the settings."),
    click.Option(["--workdir"], type=click.Path(exists=True, file_okay=False), help="Change to this folder first."),
    click.Option(["-C", "--no-color"], is_flag=True, default=None, help="No colours (also with NO_COLOR set)."),
    click.Option(["-q", "--quiet"], is_flag=True, default=None, help="Say less."),
    click.Option(
        ["--skip-checks"],
        is_flag=True,
        default=None,
        envvar=_variables("SKIP_CHECKS"),
        help="Tell Django's fixup (CELERY_SKIP_CHECKS) to leave out Django's checks.",
    ),
)

# Options that the app, wherever it is made, finds in the environment; so do the processes it starts.
_AS_ENVIRONMENT: Final = {
    "broker": "CELERIAC_BROKER_URL",
    "result_backend": "CELERIAC_RESULT_BACKEND",
    "loader": "CELERIAC_LOADER",
    "config": "CELERIAC_CONFIG_MODULE",
}
_BEFORE_THE_APP: Final = frozenset({"app", "workdir", "skip_checks", *_AS_ENVIRONMENT})


class Session:
    """One call of the command."""

    def __init__(self, app: Any = None) -> None:
        self.options: dict[str, Any] = {}
        self._app: Any = app
        self._entered = False

    @property
    def quiet(self) -> bool:
        return bool(self.options.get("quiet"))

    @property
    def color(self) -> bool:
        """Colours on the standard output."""
        return self._colors(sys.__stdout__)

    @property
    def error_color(self) -> bool:
        """Colours on the standard error, where the log goes."""
        return self._colors(sys.__stderr__)

    def _colors(self, stream: Any) -> bool:
        return not self.options.get("no_color") and not os.environ.get("NO_COLOR") and stream.isatty()

    @property
    def names_app(self) -> bool:
        """Somebody said which app is meant."""
        return self._app is not None or bool(self.options.get("app"))

    @property
    def app(self) -> Any:
        """The app that -A names, with the command line's broker and backend."""
        self.enter()
        if self._app is None:
            self._app = self._find()
        return self._app

    def enter(self) -> None:
        """Go to the working directory, once, and make its modules importable as long as the command runs."""
        if self._entered:
            return
        self._entered = True
        if self.options.get("workdir"):
            os.chdir(self.options["workdir"])
        if os.getcwd() not in sys.path and "" not in sys.path:
            sys.path.insert(0, os.getcwd())
        for option, variable in _AS_ENVIRONMENT.items():
            if self.options.get(option):
                os.environ[variable] = self.options[option]
        if self.options.get("skip_checks"):
            os.environ.update(dict.fromkeys(_variables("SKIP_CHECKS"), "true"))

    def _find(self) -> Any:
        name = self.options.get("app")
        if not name:
            return get_current_app()
        try:
            return find_app(name)
        except (ImportError, AttributeError, ImproperlyConfigured) as exc:
            raise click.UsageError(_cannot_load(name, exc)) from exc


def _cannot_load(name: str, exc: Exception) -> str:
    here = os.getcwd()
    module = name.split(":")[0]
    if isinstance(exc, ModuleNotFoundError) and exc.name and (module == exc.name or module.startswith(f"{exc.name}.")):
        return f"Unable to load the app {name!r}: there is no module {exc.name!r} in {here} or on the Python path."
    if isinstance(exc, ImproperlyConfigured):
        return str(exc)
    return f"Unable to load the app {name!r} ({here}): {type(exc).__name__}: {exc}"


def session() -> Session:
    """The current call's session."""
    found = click.get_current_context().ensure_object(Session)
    assert isinstance(found, Session)
    return found


def program_name() -> str:
    """The command's own name: celeriac, or celery."""
    return click.get_current_context().find_root().info_name or "celeriac"


@contextmanager
def configured() -> Iterator[None]:
    """Wrong settings are the user's to mend: a sentence, no traceback."""
    try:
        yield
    except ImproperlyConfigured as exc:
        raise click.UsageError(str(exc)) from exc


def said_behind(words: Sequence[str], own: Collection[str] = ()) -> dict[str, Any]:
    """Global options among the words behind a sub-command, before these are parsed: its options depend on the app,
    and an app reads where its broker is while it is made. `own` are the options that the sub-command has itself."""
    words = list(words)
    if "--" in words:
        words = words[: words.index("--")]
    found: dict[str, Any] = {}
    for place, word in enumerate(words):
        for option in (one for one in GLOBAL_OPTIONS if one.name in _BEFORE_THE_APP):
            for opt in (one for one in option.opts if one not in own):
                value = _said(opt, bool(option.is_flag), word, words[place + 1 : place + 2])
                if value is not None:
                    found[option.name or ""] = value
    return found


def _said(opt: str, is_flag: bool, word: str, following: Sequence[str]) -> Any:
    """What that word, or the one that follows it, says of an option: -b X, -bX, --broker X, --broker=X."""
    if is_flag:
        return word == opt or None
    if word == opt:
        return following[0] if following else None
    if opt.startswith("--"):
        return word.removeprefix(f"{opt}=") if word.startswith(f"{opt}=") else None
    return word[len(opt) :].removeprefix("=") if word.startswith(opt) else None
