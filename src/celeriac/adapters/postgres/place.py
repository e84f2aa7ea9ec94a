"""Where a transport's data is, as its URLs and options say, with passwords masked for people."""

import re
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import msgspec
from psycopg import ProgrammingError
from psycopg.conninfo import conninfo_to_dict

from ...core.errors import ImproperlyConfigured

_SCHEMA: Final = re.compile(r"[a-z_][a-z0-9_]{0,39}")
_SCHEMES: Final = ("postgresql", "postgres")
# names that programs written for other transports may carry along; they mean nothing here
_NAMES_ELSEWHERE: Final = """
    ack_emulation additional_connection_errors body_encoding client_properties confirm_publish deadletter_queue errback
    fanout_patterns fanout_prefix global_keyprefix health_check_interval interval_max interval_start interval_step
    login_method master_name max_connections max_retries min_other_sentinels polling_interval priority_steps
    queue_name_prefix queue_order_strategy read_timeout reauth_check_interval result_chord_ordered retry_on_timeout
    retry_policy sentinel_fanout_compat sentinel_kwargs sep socket_connect_timeout socket_keepalive
    socket_keepalive_options socket_timeout unacked_index_key unacked_key unacked_mutex_expire unacked_mutex_key
    unacked_restore_interval unacked_restore_limit unacked_restore_throttle visibility_timeout wait_time_seconds
    write_timeout
"""
_ELSEWHERE: Final = frozenset(_NAMES_ELSEWHERE.split())
# names of the ssl setting, as for other servers, and libpq's
_TLS: Final = {"ca_certs": "sslrootcert", "certfile": "sslcert", "keyfile": "sslkey"}


class PostgresOptions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """broker_transport_options or result_backend_transport_options, as far as PostgreSQL is concerned."""

    schema: str = "celeriac"
    statement_timeout: float = 30.0  # seconds after which the server gives up a statement
    client_name: str = "celeriac"  # shown in pg_stat_activity


class Place(msgspec.Struct, frozen=True):
    """One database and the schema in it; several servers that may have it are tried in their order."""

    servers: tuple[Mapping[str, Any], ...]  # libpq's parameters, one mapping a URL
    options: PostgresOptions
    shown: str

    def __str__(self) -> str:
        return self.shown

    def same(self, other: "Place") -> bool:
        """The same rows, seen as the same user: one transaction can do both."""
        return self.servers == other.servers and self.options.schema == other.options.schema


def place(urls: str | Sequence[str], options: Mapping[str, Any], ssl: bool | Mapping[str, Any] | None) -> Place:
    """Raises ImproperlyConfigured for what can't be understood. `schema` may stand in the URL, too."""
    texts = [text for part in ([urls] if isinstance(urls, str) else urls) for text in part.split(";") if text]
    if not texts:
        raise ImproperlyConfigured("A PostgreSQL URL is needed, for example postgresql://user:password@localhost/name")
    given = {name: value for name, value in options.items() if name not in _ELSEWHERE and value is not None}
    split = [_split(text) for text in texts]
    for _, own in split:
        given = {**own, **given}
    chosen = _options(given)
    tls = _tls(ssl)
    servers = tuple({**_parameters(url), **tls} for url, _ in split)
    return Place(servers, chosen, ";".join(masked(text) for text in texts))


def _split(url: str) -> tuple[str, dict[str, str]]:
    """A URL as libpq reads it, and those of our options that stood in it."""
    scheme, mark, rest = url.partition("://")
    if scheme.partition("+")[0] not in _SCHEMES:
        raise ImproperlyConfigured(f"{scheme}:// is no PostgreSQL URL; known are {', '.join(_SCHEMES)}")
    address, _, query = rest.partition("?")
    pairs = parse_qsl(query, keep_blank_values=True)
    ours = {name: value for name, value in pairs if name in PostgresOptions.__struct_fields__}
    others = urlencode([(name, value) for name, value in pairs if name not in ours])
    return f"postgresql{mark}{address}" + (f"?{others}" if others else ""), ours


def _parameters(url: str) -> dict[str, Any]:
    try:
        return dict(conninfo_to_dict(url))
    except ProgrammingError as error:
        raise ImproperlyConfigured(f"The PostgreSQL URL {masked(url)} can't be read: {str(error).strip()}") from None


def masked(url: str) -> str:
    """The URL without its secrets."""
    parts = urlsplit(url)
    user, at, hosts = parts.netloc.rpartition("@")
    name, colon, _ = user.partition(":")
    query = [(key, "**" if "password" in key else value) for key, value in parse_qsl(parts.query)]
    shown = f"{name}{':**' if colon else ''}{at}{hosts}"
    return urlunsplit((parts.scheme, shown, parts.path or "", urlencode(query, safe="*/"), ""))


def _options(given: Mapping[str, Any]) -> PostgresOptions:
    known = PostgresOptions.__struct_fields__
    for name in given:
        if name not in known:
            near = get_close_matches(name, known, 1)
            hint = f"; did you mean {near[0]!r}?" if near else f"; it knows {', '.join(known)}."
            raise ImproperlyConfigured(f"The PostgreSQL transport has no option {name!r}{hint}")
    try:
        options = msgspec.convert(dict(given), PostgresOptions, strict=False)
    except msgspec.ValidationError as error:
        raise ImproperlyConfigured(f"A PostgreSQL transport option has the wrong type: {error}") from None
    if not _SCHEMA.fullmatch(options.schema):
        raise ImproperlyConfigured(
            f"The schema {options.schema!r} can't be used: take up to 40 small letters, digits and underscores."
        )
    if options.statement_timeout < 0.001:
        raise ImproperlyConfigured(f"statement_timeout is a time in seconds, not {options.statement_timeout}.")
    return options


def _tls(ssl: bool | Mapping[str, Any] | None) -> dict[str, str]:
    """libpq's parameters for the ssl setting; certificates and host names are checked unless it says otherwise."""
    if not ssl:
        return {}
    if ssl is True:
        return {"sslmode": "verify-full", "sslrootcert": "system"}
    found = {"sslmode": "verify-full"}
    for name, value in ssl.items():
        if name in _TLS or (name.startswith("ssl") and name != "ssl_cert_reqs"):
            found[_TLS.get(name, name)] = str(value)
        elif name in ("cert_reqs", "ssl_cert_reqs"):
            found["sslmode"] = _mode(value)
        else:
            raise ImproperlyConfigured(
                f"PostgreSQL knows no ssl option {name!r}: it knows {', '.join(_TLS)}, cert_reqs and libpq's ssl names."
            )
    if found["sslmode"] == "verify-full":
        found.setdefault("sslrootcert", "system")
    return found


def _mode(value: object) -> str:
    name = str(getattr(value, "name", value)).lower().removeprefix("cert_")
    return "require" if name in ("none", "0", "optional", "1") else "verify-full"
