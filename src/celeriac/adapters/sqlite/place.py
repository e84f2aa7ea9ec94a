"""Where a transport's data is and how carefully it is written, as its URL and options say."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from celeriac.core.errors import ImproperlyConfigured
from celeriac.core.near import near

from .location import locate

_DURABILITY = ("NORMAL", "FULL", "EXTRA", "OFF")
# names that programs written for other transports may carry along; they mean nothing here
_ELSEWHERE = """
    ack_emulation additional_connection_errors body_encoding client_name client_properties confirm_publish
    deadletter_queue errback fanout_patterns fanout_prefix global_keyprefix health_check_interval interval_max
    interval_start interval_step login_method master_name max_connections max_retries min_other_sentinels
    polling_interval priority_steps queue_name_prefix queue_order_strategy read_timeout reauth_check_interval
    result_chord_ordered retry_on_timeout retry_policy sentinel_fanout_compat sentinel_kwargs sep
    socket_connect_timeout socket_keepalive socket_keepalive_options socket_timeout unacked_index_key unacked_key
    unacked_mutex_expire unacked_mutex_key unacked_restore_interval unacked_restore_limit unacked_restore_throttle
    visibility_timeout wait_time_seconds write_timeout
"""
_IGNORED = frozenset(_ELSEWHERE.split())
_KNOWN = ("synchronous", "allow_network_fs")


class Place(msgspec.Struct, frozen=True):
    """The file and the options of a SQLite transport.

    `synchronous`: NORMAL (the default) survives the death of any process, and after a power failure the file is
    whole but the last moments may be missing; FULL waits for the disk at each commit and survives that too.
    """

    path: Path
    synchronous: str = "NORMAL"
    allow_network_fs: bool = False


def place(url: str, options: Mapping[str, Any]) -> Place:
    """Raises ImproperlyConfigured for an option nobody knows."""
    for name in options:
        if name not in _KNOWN and name not in _IGNORED:
            meant = near(name, _KNOWN)
            hint = f"; did you mean {meant!r}?" if meant else f"; it knows {', '.join(_KNOWN)}."
            raise ImproperlyConfigured(f"The SQLite transport has no option {name!r}{hint}")
    synchronous = str(options.get("synchronous", "NORMAL")).upper()
    if synchronous not in _DURABILITY:
        raise ImproperlyConfigured(f"synchronous is one of {', '.join(_DURABILITY)}, not {synchronous!r}.")
    return Place(locate(url), synchronous, bool(options.get("allow_network_fs", False)))
