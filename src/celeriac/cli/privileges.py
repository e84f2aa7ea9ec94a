"""Who a worker runs as: gives up root's rights for another user, and refuses what root must not do."""

import grp
import os
import pwd
from collections.abc import Iterable
from typing import Any, Final

import click

_PICKLE: Final = frozenset({"pickle", "application/x-python-serialize"})
_FORCE: Final = ("CELERIAC_FORCE_ROOT", "C_FORCE_ROOT")


def become(uid: Any, gid: Any) -> None:
    """Run as this user and group (names or numbers) from here on, for good."""
    if uid in (None, "") and gid in (None, ""):
        return
    user = _user(uid) if uid not in (None, "") else None
    group = _group(gid) if gid not in (None, "") else user.pw_gid if user is not None else os.getgid()
    if (user is None or user.pw_uid == os.getuid()) and group == os.getgid():
        return
    try:
        if user is not None and os.getuid() == 0:
            os.initgroups(user.pw_name, group)
        os.setgid(group)
        if user is not None:
            os.setuid(user.pw_uid)
    except PermissionError:
        raise click.ClickException("Only root can run a worker as another user or group (--uid, --gid).") from None
    if user is not None and user.pw_uid != 0:
        _must_not_come_back()


def _must_not_come_back() -> None:
    try:
        os.setuid(0)
    except OSError:
        return
    raise click.ClickException("The rights of root could be taken back after --uid: refusing to go on.")


def _user(name: Any) -> pwd.struct_passwd:
    try:
        return pwd.getpwuid(int(name)) if str(name).isdigit() else pwd.getpwnam(str(name))
    except KeyError:
        raise click.BadParameter(f"there is no user {name!r}", param_hint="--uid") from None


def _group(name: Any) -> int:
    try:
        return grp.getgrgid(int(name)).gr_gid if str(name).isdigit() else grp.getgrnam(str(name)).gr_gid
    except KeyError:
        raise click.BadParameter(f"there is no group {name!r}", param_hint="--gid") from None


def refuse_root_with_pickle(accept_content: Iterable[str]) -> None:
    """A pickle can run any code: whoever can write to the broker would be root here."""
    if os.geteuid() != 0 or not _PICKLE.intersection(accept_content) or any(os.environ.get(name) for name in _FORCE):
        return
    raise click.ClickException(
        "This worker runs as root and accept_content has pickle: whoever can write to the broker could do "
        "anything on this machine. Run it as another user (--uid), or take pickle out of accept_content. "
        "If you really want it so, set CELERIAC_FORCE_ROOT=1."
    )
