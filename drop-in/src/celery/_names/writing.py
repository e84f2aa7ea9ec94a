"""How a line of the table is written: `from_("celeriac.app", "Task Other=Another")`."""

Names = dict[str, str]
Table = dict[str, Names]


def from_(where: str, names: str) -> Names:
    """Names of one module: `Name` is called the same there, `Name=other` is called otherwise."""
    pairs = (name.partition("=") for name in names.split())
    return {name: f"{where}:{other or name}" for name, _, other in pairs}


def own(module: str, names: str) -> Names:
    """Names that the drop-in itself defines, in celery._own."""
    return from_(f"celery._own.{module}", names)
