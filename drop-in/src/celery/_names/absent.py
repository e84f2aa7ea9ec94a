"""Celery's modules and names that this release has no counterpart for, and why or what to use instead."""

_STORE = "this release has no such result store"
_CLASSES = "result stores are transports found by entry point: see docs/architecture.md"
_INSIDE = "it is part of how Celery's own worker works inside; nothing here works that way"

_OLD = "a name of Celery 2"

NOT_HERE: dict[str, str] = {
    "celery:execute": _OLD,
    "celery:log": _OLD,
    "celery:messaging": _OLD,
    "celery.app:AppPickler": "apps are pickled by their own __reduce__",
    "celery.app.amqp:task_message": _INSIDE,
    "celery.app.trace:TraceInfo": _INSIDE,
    "celery.app.trace:trace_task": "run a task in this process with task.apply()",
    "celery.apps.multi": "use the command: celery multi",
    "celery.backends.arangodb": _STORE,
    "celery.backends.asynchronous": "waiting for results is one engine for all stores: celeriac.result",
    "celery.backends.azureblockblob": _STORE,
    "celery.backends.base:SyncBackendMixin": _CLASSES,
    "celery.backends.cassandra": _STORE,
    "celery.backends.consul": _STORE,
    "celery.backends.cosmosdbsql": _STORE,
    "celery.backends.couchbase": _STORE,
    "celery.backends.couchdb": _STORE,
    "celery.backends.dynamodb": _STORE,
    "celery.backends.elasticsearch": _STORE,
    "celery.backends.filesystem:E_NO_PATH_SET": _INSIDE,
    "celery.backends.filesystem:E_PATH_INVALID": _INSIDE,
    "celery.backends.filesystem:E_PATH_NON_CONFORMING_SCHEME": _INSIDE,
    "celery.backends.filesystem:default_encoding": _INSIDE,
    "celery.backends.gcs": _STORE,
    "celery.backends.s3": _STORE,
    "celery.beat:BeatPidbox": _INSIDE,
    "celery.bin.base:FORMATTER": _INSIDE,
    "celery.bin.base:ISO8601DateTime": "use ISO8601",
    "celery.bin.base:ISO8601DateTimeOrFloat": "use ISO8601_OR_FLOAT",
    "celery.bin.base:JsonArray": "use JSON_ARRAY",
    "celery.bin.base:JsonObject": "use JSON_OBJECT",
    "celery.bin.base:LEXER": _INSIDE,
    "celery.bin.base:consume_preload_options": _INSIDE,
    "celery.bin.base:handle_remote_command_error": _INSIDE,
    "celery.bin.base:highlight": _INSIDE,
    **{
        f"celery.bin.celery:{name}": _INSIDE
        for name in (
            "UNABLE_TO_LOAD_APP_APP_MISSING",
            "UNABLE_TO_LOAD_APP_ERROR_OCCURRED",
            "UNABLE_TO_LOAD_APP_MODULE_NOT_FOUND",
            "WRONG_APP_OPTION_USAGE_MESSAGE",
        )
    },
    "celery.bin.multi:MultiTool": "use the command: celery multi",
    **{
        f"celery.bin.worker:{name}": _INSIDE
        for name in ("AUTOSCALE", "Autoscale", "CELERY_BEAT", "C_FAKEFORK", "CeleryBeat", "HOSTNAME", "Hostname")
    },
    **{f"celery.bin.worker:{name}": "any pool may be named" for name in ("WORKERS_POOL", "WorkersPool")},
    "celery.bin.worker:detach": _INSIDE,
    "celery.concurrency.asynpool": _INSIDE,
    "celery.concurrency.base": "pools are written against celeriac.pools.pool",
    "celery.concurrency.prefork:process_destructor": "connect to the signal worker_process_shutdown",
    "celery.concurrency.prefork:process_initializer": "connect to the signal worker_process_init",
    "celery.contrib.testing.app:UnitLogging": "logging is left as the test set it up",
    "celery.platforms:DaemonContext": "use `celery worker --detach` or a service manager",
    "celery.platforms:detached": "use `celery worker --detach` or a service manager",
    "celery.platforms:fd_by_path": _INSIDE,
    "celery.utils.annotations:get_optional_arg": _INSIDE,
    "celery.utils.annotations:is_none_type": _INSIDE,
    "celery.utils.debug": "use a profiler; `celery inspect memsample` asks a worker",
    "celery.utils.graph:DOT": _INSIDE,
    "celery.utils.quorum_queues": _INSIDE,
    "celery.utils.saferepr:reprstream": _INSIDE,
    "celery.utils.static": _INSIDE,
    "celery.utils.sysinfo:CpuBudget": "cpu_budget() returns a number",
    "celery.utils.sysinfo:cgroup_cpu_quota": "cpu_budget() regards it",
    "celery.utils.sysinfo:df": "use shutil.disk_usage",
    "celery.utils.threads:LocalManager": _INSIDE,
    "celery.utils.threads:bound_open_broker_sockets": "every operation has a deadline of its own",
    "celery.utils.threads:default_socket_timeout": "every operation has a deadline of its own",
    "celery.worker.consumer.consumer:dump_body": _INSIDE,
    "celery.worker.heartbeat": _INSIDE,
    "celery.worker.loops": _INSIDE,
    "celery.worker.pidbox": _INSIDE,
    "celery.worker.state:Persistent": "use `celery worker --statedb`",
    "celery.worker.state:maybe_shutdown": "tell a worker to end: app.control.shutdown()",
    **{
        f"celery.worker.state:{name}": _INSIDE
        for name in ("merge_revoked", "task_accepted", "task_ready", "task_reserved", "task_scheduled")
    },
    "celery.worker.strategy": "intake is a list of steps: celeriac.worker.intake",
}
