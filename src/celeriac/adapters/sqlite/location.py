"""Which file a `sqlite://` URL names, and whether that file is on a disk where SQLite's locks work."""

import os
from pathlib import Path
from urllib.parse import unquote, urlsplit

from celeriac.core.errors import ImproperlyConfigured, OperationalError

DIRECTORY = ".celeriac"
FILE = "celeriac.sqlite3"
# locks and shared memory do not work over these, and the file would be damaged silently
_NETWORK = frozenset(("nfs", "nfs4", "cifs", "smb", "smb2", "smb3", "smbfs", "9p", "afs", "ceph", "fuse.sshfs"))


def locate(url: str) -> Path:
    """The absolute path of `sqlite:////abs`, of `sqlite:///rel` (as SQLAlchemy reads it), or of the default file."""
    parts = urlsplit(url)
    name = unquote(parts.netloc + parts.path)
    if not name.strip("/"):
        return default_directory(Path.cwd()) / FILE
    if ":memory:" in name:
        raise ImproperlyConfigured(f"{url!r}: an in-memory database can't be shared; use memory:// instead.")
    return Path("/" + name.lstrip("/") if name.startswith("//") else name.removeprefix("/")).absolute()


def default_directory(start: Path) -> Path:
    """`.celeriac` in `start` or in its nearest parent that has one; else the one to make in `start`."""
    for folder in (start, *start.parents):
        if (folder / DIRECTORY).is_dir():
            return folder / DIRECTORY
    return start / DIRECTORY


def prepare(path: Path, *, allow_network_fs: bool, mounts: str | None = None) -> None:
    """Make the directory. Raises OperationalError if that fails or if it is on a network file system."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OperationalError(
            f"Can't create the directory {path.parent} for Celeriac's database: {error.strerror}. "
            "Name another file with broker_url = 'sqlite:////path/to/file'."
        ) from error
    if path.parent.name == DIRECTORY:
        _keep_out_of_git(path.parent)
    kind = file_system(path.parent, _mounts() if mounts is None else mounts)
    if kind in _NETWORK and not allow_network_fs:
        raise OperationalError(
            f"{path} is on a network file system ({kind}), where SQLite's locks can't be trusted: use a local disk, or "
            "a Redis broker for several machines (broker_transport_options['allow_network_fs'] = True overrides this)."
        )


def _keep_out_of_git(directory: Path) -> None:
    ignore = directory / ".gitignore"
    if not ignore.exists():
        try:
            ignore.write_text("*\n")
        except OSError:  # a directory that can't be written is reported when the database is opened
            return


def _mounts() -> str:
    try:
        return Path("/proc/self/mounts").read_text()
    except OSError:  # not Linux
        return ""


def file_system(directory: Path, mounts: str) -> str:
    """The type of the file system a directory is on, by the longest mount point that holds it."""
    real = os.path.realpath(directory)
    best, kind = "", ""
    for line in mounts.splitlines():
        fields = line.split(" ")
        if len(fields) < 3:
            continue
        point = fields[1].replace("\\040", " ")
        if (real + "/").startswith(point.rstrip("/") + "/") and len(point) >= len(best):
            best, kind = point, fields[2]
    return kind
