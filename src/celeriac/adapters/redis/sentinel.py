"""What sentinels say: who is master now; no I/O."""

from typing import Any

from redis import exceptions

from ...core.errors import ImproperlyConfigured
from .options import RedisOptions
from .packing import Commands
from .place import Place, Server


def master_name(place: Place, options: RedisOptions) -> str:
    name = options.master_name or place.query.get("master_name") or place.query.get("service_name")
    if not name:
        raise ImproperlyConfigured(
            "A sentinel:// URL needs the name of the master: broker_transport_options = {'master_name': 'mymaster'}"
        )
    return name


def question(name: str) -> Commands:
    return (("SENTINEL", "MASTER", name),)


# Asked of a server that sentinels call master: right after a failover they may not agree yet.
ROLE: Commands = (("ROLE",),)


def master(reply: list[Any], name: str, options: RedisOptions) -> Server:
    """The master's address. Raises ConnectionError where this sentinel holds it for dead or sees too few others."""
    flat = [part.decode() for part in reply]
    fields = dict(zip(flat[::2], flat[1::2], strict=True))
    flags = fields["flags"].split(",")
    if "s_down" in flags or "o_down" in flags:
        raise exceptions.ConnectionError(f"the sentinel holds master {name!r} for dead")
    if int(fields.get("num-other-sentinels", 0)) < options.min_other_sentinels:
        raise exceptions.ConnectionError(f"the sentinel sees fewer than {options.min_other_sentinels} others")
    return Server(fields["ip"], int(fields["port"]))


def check_role(reply: list[Any], name: str) -> None:
    if reply[0] != b"master":
        raise exceptions.ConnectionError(f"no master for {name!r} yet: the failover is not finished")
