"""The table of names: which object of Celeriac each name of Celery's (and kombu's) public modules means.

A line of a module is `from_(where, names)`: `Name` is the same name there, `Name=other` another one. Whether a name leads
somewhere is not checked until it is used; the tests use every one.
"""


def from_(where: str, names: str) -> dict[str, str]:
    """Names of one module of Celeriac."""
    pairs = (name.partition("=") for name in names.split())
    return {name: f"{where}:{other or name}" for name, _, other in pairs}


_SIGNALS = (
    "before_task_publish after_task_publish task_internal_error task_prerun task_postrun task_success task_received "
    "task_rejected task_unknown task_failure task_retry task_revoked celeryd_init celeryd_after_setup import_modules "
    "worker_init worker_before_create_process worker_process_init worker_process_shutdown worker_ready worker_shutdown "
    "worker_shutting_down heartbeat_sent setup_logging after_setup_logger after_setup_task_logger beat_init "
    "beat_embedded_init eventlet_pool_started eventlet_pool_preshutdown eventlet_pool_postshutdown eventlet_pool_apply "
    "user_preload_options"
)
_STATES = (
    "PENDING RECEIVED STARTED SUCCESS FAILURE REVOKED REJECTED RETRY IGNORED READY_STATES UNREADY_STATES "
    "EXCEPTION_STATES PROPAGATE_STATES ALL_STATES precedence state"
)
_EXCEPTIONS = (
    "CeleryError ImproperlyConfigured SecurityError Ignore Reject Retry RetryTaskError TaskPredicate TaskError "
    "QueueNotFound IncompleteStream NotRegistered AlreadyRegistered TimeoutError MaxRetriesExceededError "
    "TaskRevokedError InvalidTaskError ChordError BackendError BackendGetMetaError BackendStoreError "
    "OperationalError SoftTimeLimitExceeded TimeLimitExceeded WorkerLostError Terminated CeleryWarning "
    "AlwaysEagerIgnored DuplicateNodenameWarning DuplicateTaskNameWarning FixupWarning NotConfigured SecurityWarning "
    "CPendingDeprecationWarning CDeprecationWarning WorkerTerminate WorkerShutdown reraise"
)
_CANVAS = "Signature chain xmap xstarmap chunks group chord signature maybe_signature"
_RESULTS = (
    "ResultBase AsyncResult ResultSet GroupResult EagerResult result_from_tuple allow_join_result denied_join_result "
    "assert_will_not_block"
)

MODULES: dict[str, dict[str, str]] = {
    "celery": {
        **from_("celery._app", "Celery"),
        **from_("celeriac.app", "Task shared_task"),
        **from_("celeriac.app.reporting", "bugreport"),
        **from_("celeriac.current", "current_app current_task"),
        **from_("celeriac.canvas", f"{_CANVAS} subtask=signature"),
        **from_("celeriac.core.ids", "uuid"),
        **from_("celeriac.version", "__version__"),
    },
    "celery._state": from_(
        "celeriac.current",
        "current_app current_task get_current_app get_current_task get_current_worker_task set_default_app "
        "task_join_will_block",
    )
    | from_("celeriac.app", "connect_on_app_finalize"),
    "celery.app": from_("celery._app", "Celery")
    | from_("celeriac.app", "shared_task")
    | from_("celeriac.app.reporting", "bugreport")
    | from_("celeriac.current.stack", "push_current_task=push_task pop_current_task=pop_task"),
    "celery.app.amqp": from_("celeriac.app.amqp", "AMQP") | from_("celeriac.app.queues", "Queues"),
    "celery.app.annotations": from_("celeriac.app.annotations", "MapAnnotation prepare resolve_all"),
    "celery.app.autoretry": from_("celeriac.app.autoretry", "add_autoretry_behaviour"),
    "celery.app.base": from_("celery._app", "Celery"),
    "celery.app.control": from_("celeriac.control", "Control Inspect"),
    "celery.app.registry": from_("celeriac.app.registry", "TaskRegistry"),
    "celery.app.routes": from_("celeriac.app.routing", "MapRoute Router expand_router_string prepare"),
    "celery.app.task": from_("celeriac.app", "Task") | from_("celeriac.current", "Context"),
    "celery.app.trace": from_(
        "celeriac.execution.texts",
        "LOG_RECEIVED LOG_SUCCESS LOG_FAILURE LOG_INTERNAL_ERROR LOG_IGNORED LOG_REJECTED LOG_RETRY",
    ),
    "celery.app.utils": from_("celeriac.app.lookup", "find_app")
    | from_("celeriac.app.reporting", "bugreport")
    | from_("celeriac.settings", "Settings"),
    "celery.bootsteps": from_("celeriac.bootsteps", "Blueprint Step StartStopStep ConsumerStep"),
    "celery.canvas": from_("celeriac.canvas", _CANVAS),
    "celery.exceptions": from_("celeriac.exceptions", _EXCEPTIONS),
    "celery.local": from_("celeriac.current", "Proxy PromiseProxy maybe_evaluate"),
    "celery.loaders": {},
    "celery.loaders.app": from_("celeriac.app.loaders", "AppLoader=Loader"),
    "celery.loaders.base": from_("celeriac.app.loaders", "BaseLoader=Loader"),
    "celery.result": from_("celeriac.result", _RESULTS),
    "celery.schedules": from_(
        "celeriac.schedules",
        "ParseException schedule crontab crontab_parser maybe_schedule solar BaseSchedule schedstate",
    ),
    "celery.signals": from_("celeriac.signals", _SIGNALS),
    "celery.states": from_("celeriac.states", _STATES),
    "celery.worker.control": from_("celeriac.worker.control", "Panel control_command inspect_command ok nok"),
    "celery.utils": from_("celeriac.core.ids", "uuid gen_unique_id=uuid"),
    "celery.utils.log": from_("celeriac.log", "get_task_logger get_logger"),
}

# modules of Celery's that have no counterpart, and why
NOT_HERE: dict[str, str] = {}
