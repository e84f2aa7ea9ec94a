"""kombu's names, served where kombu itself is not installed."""

from .writing import Table, from_, own

_ROOM = "celeriac.contrib.kombu"
_ENTITIES = "Exchange Queue binding"
_ERRORS = (
    "OperationalError ContentDisallowed DecodeError EncodeError SerializerNotInstalled KombuError=OperationalError "
    "TimeoutError"
)

MODULES: Table = {
    # what sentry-sdk asks for; where billiard is installed, that is what is found
    "billiard": {},
    "billiard.pool": own("pools", "Worker"),
    "kombu": from_(_ROOM, f"{_ENTITIES} Connection BrokerConnection=Connection Producer Consumer Message")
    | from_(f"{_ROOM}.places", "parse_url uuid")
    | from_("celery._own.about", "__version__ VERSION"),
    "kombu.common": from_(_ROOM, "Broadcast")
    | from_(f"{_ROOM}.pools", "maybe_declare")
    | from_(f"{_ROOM}.places", "uuid"),
    "kombu.compression": from_("celeriac.wire.compression", "register encoders compress decompress"),
    "kombu.connection": from_(_ROOM, "Connection"),
    "kombu.entity": from_(_ROOM, _ENTITIES),
    "kombu.exceptions": from_("celeriac.exceptions", _ERRORS) | from_(f"{_ROOM}.consuming", "MessageStateError"),
    "kombu.log": from_("celery._own.logs", "get_logger LOG_LEVELS"),
    "kombu.message": from_(_ROOM, "Message"),
    "kombu.messaging": from_(_ROOM, "Producer Consumer"),
    "kombu.mixins": from_(f"{_ROOM}.mixins", "ConsumerMixin ConsumerProducerMixin"),
    "kombu.pools": from_(f"{_ROOM}.pools", "connections producers reset"),
    "kombu.serialization": from_(
        f"{_ROOM}.serialization",
        "registry dumps loads enable_insecure_serializers disable_insecure_serializers pickle_protocol",
    )
    | from_("celeriac.wire.serializers", "register unregister"),
    "kombu.simple": from_(f"{_ROOM}.simple", "SimpleQueue"),
    "kombu.utils": from_(f"{_ROOM}.places", "uuid") | from_("functools", "cached_property"),
    "kombu.utils.encoding": from_(f"{_ROOM}.places", "bytes_to_str str_to_bytes ensure_bytes safe_str safe_repr"),
    "kombu.utils.functional": from_(
        "celery._own.functions",
        "LRUCache memoize lazy maybe_evaluate is_list maybe_list dictfilter",
    ),
    "kombu.utils.imports": from_("celery._own.importing", "symbol_by_name"),
    "kombu.utils.json": from_(f"{_ROOM}.serialization", "dumps=json_dumps loads=json_loads JSONEncoder")
    | from_("celeriac.wire.json", "register_type"),
    "kombu.utils.objects": from_("functools", "cached_property"),
    "kombu.utils.url": from_(f"{_ROOM}.places", "parse_url sanitize_url maybe_sanitize_url as_url safequote"),
    "kombu.utils.uuid": from_(f"{_ROOM}.places", "uuid"),
}
