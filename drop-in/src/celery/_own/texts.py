"""celery.utils.text: small functions around texts."""

import textwrap
from collections.abc import Callable, Iterable
from pprint import pformat
from typing import Any

RE_FORMAT = "%"


def str_to_list(s: Any) -> Any:
    """ "a,b" as ["a", "b"]; what is no text stays what it is."""
    return s.split(",") if isinstance(s, str) else s


def dedent_initial(s: str, n: int = 4) -> str:
    """Without the first `n` spaces."""
    return s[n:] if s[:n] == " " * n else s


def dedent(s: str, sep: str = "\n") -> str:
    """Every line without its first four spaces."""
    return sep.join(map(dedent_initial, s.splitlines()))


def fill_paragraphs(s: str, width: int, sep: str = "\n") -> str:
    """Paragraphs filled to this width."""
    return sep.join(textwrap.fill(paragraph, width) for paragraph in s.split(sep))


def join(items: Iterable[Any], sep: str = "\n") -> str:
    """What is not empty, one a line."""
    return sep.join(str(item) for item in items if item)


def ensure_sep(sep: str, s: str, n: int = 2) -> str:
    """With at least `n` separators at the end."""
    return s + sep * (n - s.count(sep))


def ensure_newlines(s: str, n: int = 2) -> str:
    """With at least `n` newlines."""
    return ensure_sep("\n", s, n)


def abbr(s: str | None, max: int, ellipsis: str | bool = "...") -> str:
    """Cut after `max` characters, dots included."""
    if s is None:
        return "???"
    if len(s) <= max:
        return s
    return s[: max - len(ellipsis)] + ellipsis if isinstance(ellipsis, str) and ellipsis else s[:max]


def abbrtask(s: str, max: int) -> str:
    """A task's name cut so that its last part can be read: "a.b.[.]name"."""
    if not s:
        return "???"
    if len(s) > max:
        module, _, name = s.rpartition(".")
        return f"{abbr(module, max - len(name) - 3, False)}[.]{name}"
    return s


def indent(t: str, indent: int = 0, sep: str = "\n") -> str:
    """Every line with spaces before it."""
    return sep.join(" " * indent + line for line in t.split(sep))


def truncate(s: str, maxlen: int = 128, suffix: str = "...") -> str:
    """Cut after `maxlen` characters, at a word's end if there is one."""
    if maxlen and len(s) >= maxlen:
        return s[:maxlen].rsplit(" ", 1)[0] + suffix
    return s


def pluralize(n: float, text: str, suffix: str = "s") -> str:
    """The word with an s, unless there is one of it."""
    return text if n == 1 else text + suffix


def pretty(value: Any, width: int = 80, nl_width: int = 80, sep: str = "\n", **kw: Any) -> str:
    """A value as pprint has it."""
    if isinstance(value, dict):
        return f"{{{sep} {pformat(value, 4, nl_width)[1:]}"
    if isinstance(value, tuple):
        return f"{sep}{' ' * 4}{pformat(value, width=nl_width, **kw)}"
    return pformat(value, width=width, **kw)


def simple_format(s: str, keys: dict[str, Any], pattern: Any = None, expand: str = r"\1") -> str:
    """A text with its %h and %n filled in; values may be functions."""
    if not s:
        return s
    keys.setdefault("%", "%")
    out, rest = [], s
    while "%" in rest:
        before, _, rest = rest.partition("%")
        value: str | Callable[[], str] = keys[rest[:1]]
        out += [before, value() if callable(value) else str(value)]
        rest = rest[1:]
    return "".join([*out, rest])
