"""Which file a sqlite:// URL names, and which file systems are refused."""

from pathlib import Path

import pytest

from celeriac.adapters.sqlite.location import default_directory, file_system, locate, prepare
from celeriac.adapters.sqlite.place import place
from celeriac.core.errors import ImproperlyConfigured, OperationalError

MOUNTS = """\
/dev/vda / ext4 rw 0 0
server:/export /mnt/share nfs4 rw 0 0
/dev/vdb /mnt/share/local ext4 rw 0 0
//nas/x /mnt/with\\040space cifs rw 0 0
"""


@pytest.mark.parametrize("url", ["sqlite:////srv/queue.db", "sqlite://///srv/queue.db"])
def test_four_slashes_name_an_absolute_path(url: str) -> None:
    assert locate(url) == Path("/srv/queue.db")


@pytest.mark.parametrize("url", ["sqlite:///data/queue.db", "sqlite://data/queue.db"])
def test_fewer_name_a_path_from_the_current_directory(
    url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    assert locate(url) == tmp_path / "data" / "queue.db"


def test_escapes_in_the_url_are_undone() -> None:
    assert locate("sqlite:////srv/my%20queue.db") == Path("/srv/my queue.db")


def test_a_url_without_a_path_names_the_default_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    assert locate("sqlite://") == tmp_path / ".celeriac" / "celeriac.sqlite3"


def test_the_default_directory_of_the_nearest_parent_is_shared(tmp_path: Path) -> None:
    (tmp_path / ".celeriac").mkdir()
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)
    assert default_directory(inner) == tmp_path / ".celeriac"


def test_an_in_memory_database_is_refused() -> None:
    with pytest.raises(ImproperlyConfigured, match="memory://"):
        locate("sqlite:///:memory:")


@pytest.mark.parametrize(
    ("directory", "kind"),
    [
        ("/srv", "ext4"),
        ("/mnt/share/x", "nfs4"),
        ("/mnt/share", "nfs4"),
        ("/mnt/sharepoint", "ext4"),
        ("/mnt/share/local/x", "ext4"),
        ("/mnt/with space/x", "cifs"),
    ],
)
def test_a_file_system_is_that_of_the_longest_mount_point(directory: str, kind: str) -> None:
    assert file_system(Path(directory), MOUNTS) == kind


def test_a_network_file_system_is_refused(tmp_path: Path) -> None:
    mounts = f"server:/export {tmp_path} nfs rw 0 0\n"
    with pytest.raises(OperationalError, match=r"network file system \(nfs\).*allow_network_fs"):
        prepare(tmp_path / "queue.db", allow_network_fs=False, mounts=mounts)
    prepare(tmp_path / "queue.db", allow_network_fs=True, mounts=mounts)


def test_the_default_directory_is_kept_out_of_git(tmp_path: Path) -> None:
    prepare(tmp_path / ".celeriac" / "celeriac.sqlite3", allow_network_fs=False, mounts="")
    assert (tmp_path / ".celeriac" / ".gitignore").read_text() == "*\n"


def test_a_misspelt_option_names_the_right_one() -> None:
    with pytest.raises(ImproperlyConfigured, match="did you mean 'synchronous'"):
        place("sqlite:////srv/q.db", {"sincronous": "FULL"})


def test_options_of_other_transports_are_let_pass() -> None:
    assert place("sqlite:////srv/q.db", {"visibility_timeout": 3600}).synchronous == "NORMAL"


def test_an_unknown_durability_is_refused() -> None:
    with pytest.raises(ImproperlyConfigured, match="NORMAL, FULL"):
        place("sqlite:////srv/q.db", {"synchronous": "SOMETIMES"})
