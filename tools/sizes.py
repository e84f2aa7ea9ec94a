"""Measures rooms and names: size of files and functions, number of parameters, opening docstrings, forbidden names."""

import ast
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

FILE_LINES = 400
FUNCTION_LINES = 50
PARAMETERS = 6
FORBIDDEN_NAMES = frozenset({"utils", "common", "helpers", "misc", "base", "manager", "handler"})
FOLDERS = ("src", "drop-in", "tests", "tools", "bench", "examples")
EXCEPTIONS = Path("tools/sizes-exceptions.txt")

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, slots=True)
class Finding:
    """One rule broken in one place; `place` and `rule` are what a line of the exceptions file names."""

    place: str  # path, or path:Class.function
    rule: str  # file | function | parameters | docstring | name
    text: str


def findings(root: Path) -> Iterator[Finding]:
    """All findings under the checked folders of `root`, in the order of their paths."""
    for folder in FOLDERS:
        for path in sorted((root / folder).rglob("*.py")):
            yield from of_file(path.relative_to(root).as_posix(), path.read_text(encoding="utf-8"))


def of_file(path: str, source: str) -> Iterator[Finding]:
    """What one file breaks."""
    names = Path(path).with_suffix("").parts
    for name in FORBIDDEN_NAMES.intersection(names):
        yield Finding(path, "name", f"the name {name!r} says nothing; name it after what it does")
    lines = len(source.splitlines())
    if lines > FILE_LINES:
        yield Finding(path, "file", f"{lines} lines, at most {FILE_LINES}; split it by what its parts are for")
    tree = ast.parse(source, filename=path)
    if not opens_with_docstring(tree):
        yield Finding(
            path, "docstring", "the first line must be a docstring: one sentence that says what the file is for"
        )
    for name, function in functions(tree, ""):
        yield from of_function(f"{path}:{name}", function)


def opens_with_docstring(tree: ast.Module) -> bool:
    """True if the docstring starts on line 1: nothing stands before it."""
    return bool(ast.get_docstring(tree)) and tree.body[0].lineno == 1


def functions(node: ast.AST, prefix: str) -> Iterator[tuple[str, Function]]:
    """Every function below `node`, with its dotted name."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, Function):
            yield prefix + child.name, child
        name = f"{prefix}{child.name}." if isinstance(child, Function | ast.ClassDef) else prefix
        yield from functions(child, name)


def of_function(place: str, function: Function) -> Iterator[Finding]:
    """What one function breaks."""
    lines = (function.end_lineno or function.lineno) - function.lineno + 1
    if lines > FUNCTION_LINES:
        yield Finding(place, "function", f"{lines} lines, at most {FUNCTION_LINES}")
    parameters = count_parameters(function.args)
    if parameters > PARAMETERS:
        yield Finding(
            place,
            "parameters",
            f"{parameters} parameters, at most {PARAMETERS}; make a value of those that belong together",
        )


def count_parameters(args: ast.arguments) -> int:
    """All parameters but self and cls; *args and **kwargs count as one each."""
    positional = [*args.posonlyargs, *args.args]
    bound = bool(positional) and positional[0].arg in {"self", "cls"}
    variadic = (args.vararg is not None) + (args.kwarg is not None)
    return len(positional) - bound + len(args.kwonlyargs) + variadic


def read_exceptions(path: Path) -> dict[tuple[str, str], str]:
    """(place, rule) -> reason, from lines `place rule reason`."""
    allowed: dict[tuple[str, str], str] = {}
    if not path.exists():
        return allowed
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        if not line.strip() or line.startswith("#"):
            continue
        try:
            place, rule, reason = line.split(maxsplit=2)
        except ValueError:
            raise SystemExit(f"{path}:{number}: write the place, the rule and the reason: {line!r}") from None
        allowed[place, rule] = reason
    return allowed


def verdict(found: list[Finding], allowed: Mapping[tuple[str, str], str]) -> list[str]:
    """The lines to print: findings that no exception covers, and exceptions that cover nothing."""
    seen = {(finding.place, finding.rule) for finding in found}
    broken = [f"{f.place}: {f.rule}: {f.text}" for f in found if (f.place, f.rule) not in allowed]
    stale = [
        f"{place}: {rule}: the exception is not needed any more; delete it"
        for place, rule in allowed
        if (place, rule) not in seen
    ]
    return broken + stale


def main(root: Path) -> int:
    problems = verdict(list(findings(root)), read_exceptions(root / EXCEPTIONS))
    for line in problems:
        print(line)
    print(f"sizes: {len(problems)} problems" if problems else "sizes: all rooms are small enough")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1] if len(sys.argv) > 1 else ".").resolve()))
