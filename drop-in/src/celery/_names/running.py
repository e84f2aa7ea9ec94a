"""What programs import to run, extend and watch workers and beat, and dotted paths that stand in settings."""

from .writing import Table, from_, own

_REMOTE = "Panel control_command inspect_command"
_STEPS = "Blueprint Step StartStopStep ConsumerStep RUN CLOSE TERMINATE"
_BEAT = (
    "SchedulingError ScheduleEntry Scheduler PersistentScheduler Service EmbeddedService BeatLazyFunc event_t "
    "DEFAULT_MAX_INTERVAL"
)
_BACKENDS = {
    "database": "DatabaseBackend",
    "mongodb": "MongoBackend",
    "cache": "CacheBackend",
    "filesystem": "FilesystemBackend",
}

MODULES: Table = {
    "celery.apps": {},
    "celery.apps.beat": from_("celeriac.beat.program", "Beat"),
    "celery.apps.worker": from_("celeriac.worker.program", "Worker"),
    "celery.backends": own("backends", "by_name by_url"),
    "celery.backends.base": own("backends", "BaseBackend Backend=BaseBackend DisabledBackend")
    | from_("celeriac.contrib.keyvalue", "KeyValueStoreBackend BaseKeyValueStoreBackend=KeyValueStoreBackend")
    | from_("celeriac.contrib.dictstore", "BaseDictBackend")
    | from_("celeriac.current", "get_current_task"),
    "celery.backends.redis": own("redis_backend", "RedisBackend SentinelBackend=RedisBackend"),
    **{f"celery.backends.{module}": own("backends", f"{names}") for module, names in _BACKENDS.items()},
    "celery.backends.rpc": own("backends", "RPCBackend") | from_("celeriac.exceptions", "BacklogLimitExceeded"),
    "celery.beat": from_("celeriac.beat", _BEAT),
    "celery.bin": {},
    "celery.bin.base": own(
        "commands",
        "CLIContext CeleryCommand CeleryDaemonCommand CeleryOption DaemonOption handle_preload_options "
        "COMMA_SEPARATED_LIST CommaSeparatedList LOG_LEVEL LogLevel JSON_ARRAY JSON_OBJECT ISO8601 ISO8601_OR_FLOAT",
    )
    | own("platforms", "EX_UNAVAILABLE"),
    "celery.bin.celery": own("commands", "celery main") | own("about", "VERSION_BANNER"),
    **{
        f"celery.bin.{name}": from_(f"celeriac.cli.{name}", f"{name}=command")
        for name in ["beat", "call", "migrate", "purge", "result", "shell", "upgrade"]
    },
    "celery.bin.amqp": from_("celeriac.cli.amqp.command", "amqp=command"),
    "celery.bin.graph": from_("celeriac.cli.graph.command", "graph=command"),
    "celery.bin.list": from_("celeriac.cli.listing.command", "list_=command"),
    "celery.bin.logtool": from_("celeriac.cli.logtool.command", "logtool=command"),
    "celery.bin.control": from_("celeriac.cli.control", "control=command") | own("platforms", "EX_UNAVAILABLE"),
    "celery.bin.worker": from_("celeriac.cli.worker", "worker=command")
    | own("platforms", "EX_OK EX_FAILURE")
    | own("terms", "AUTO_CONCURRENCY"),
    "celery.bin.inspect": from_("celeriac.cli.inspect", "inspect=command"),
    "celery.bin.multi": from_("celeriac.cli.multi.command", "multi=command"),
    "celery.bin.events": from_("celeriac.cli.events", "events=command"),
    "celery.bootsteps": from_("celeriac.bootsteps", _STEPS),
    "celery.concurrency": own("pools", "get_implementation get_available_pool_names"),
    "celery.concurrency.prefork": from_("celeriac.pools.prefork", "TaskPool=PreforkPool"),
    "celery.concurrency.solo": from_("celeriac.pools.solo", "TaskPool=SoloPool"),
    "celery.concurrency.thread": from_("celeriac.pools.threads", "TaskPool=ThreadsPool"),
    "celery.concurrency.gevent": from_("celeriac.pools.green", "TaskPool=GeventPool"),
    "celery.concurrency.eventlet": from_("celeriac.pools.green", "TaskPool=EventletPool"),
    "celery.events": from_("celeriac.events", "EventDispatcher EventReceiver")
    | own("events", "Event event_exchange get_exchange group_from"),
    "celery.events.event": own("events", "Event event_exchange get_exchange group_from"),
    "celery.events.dispatcher": from_("celeriac.events", "EventDispatcher"),
    "celery.events.receiver": from_("celeriac.events", "EventReceiver"),
    "celery.events.state": from_("celeriac.events", "State")
    | from_("celeriac.events.remembered", "Task Worker heartbeat_expires"),
    "celery.events.snapshot": from_("celeriac.events.snapshot", "Polaroid evcam"),
    "celery.events.dumper": from_("celeriac.events.dumper", "Dumper evdump"),
    "celery.events.cursesmon": from_("celeriac.events.monitor", "CursesMonitor evtop"),
    "celery.worker": from_("celeriac.worker.program", "WorkController=Worker"),
    "celery.worker.worker": from_("celeriac.worker.program", "WorkController=Worker"),
    "celery.worker.autoscale": from_("celeriac.worker.autoscale", "Autoscaler WorkerComponent"),
    "celery.worker.components": from_("celeriac.worker.components", "Beat Consumer Hub Pool")
    | from_("celeriac.worker.consumer_steps", "StateDB")
    | own("steps", "Timer"),
    "celery.worker.consumer": from_("celeriac.worker.consumer", "Consumer")
    | from_("celeriac.worker.consumer_steps", "Connection Control Tasks")
    | from_("celeriac.worker.events", "Events Gossip Heart Mingle")
    | own("steps", "Agent Evloop DelayedDelivery"),
    "celery.worker.consumer.consumer": from_("celeriac.worker.consumer", "Consumer") | own("steps", "Evloop"),
    "celery.worker.consumer.connection": from_("celeriac.worker.consumer_steps", "Connection"),
    "celery.worker.consumer.control": from_("celeriac.worker.consumer_steps", "Control"),
    "celery.worker.consumer.tasks": from_("celeriac.worker.consumer_steps", "Tasks"),
    "celery.worker.consumer.agent": own("steps", "Agent"),
    "celery.worker.consumer.events": from_("celeriac.worker.events.step", "Events"),
    "celery.worker.consumer.gossip": from_("celeriac.worker.events.gossip", "Gossip"),
    "celery.worker.consumer.heart": from_("celeriac.worker.events.step", "Heart"),
    "celery.worker.consumer.mingle": from_("celeriac.worker.events.mingle", "Mingle"),
    "celery.worker.consumer.delayed_delivery": own("steps", "DelayedDelivery"),
    "celery.worker.control": from_("celeriac.worker.control.panel", _REMOTE),
    "celery.worker.state": own(
        "worker_state", "active_requests reserved_requests scheduled_requests total_count revoked SOFTWARE_INFO"
    ),
    "celery.worker.request": from_("celeriac.worker.request", "Request"),
}
