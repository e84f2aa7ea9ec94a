"""What programs import to define, call and follow tasks."""

from .writing import Table, from_, own

_SIGNALS = (
    "before_task_publish after_task_publish task_internal_error task_prerun task_postrun task_success task_received "
    "task_rejected task_unknown task_failure task_retry task_revoked task_sent celeryd_init celeryd_after_setup "
    "import_modules worker_init worker_before_create_process worker_process_init worker_process_shutdown worker_ready "
    "worker_shutdown worker_shutting_down heartbeat_sent setup_logging after_setup_logger after_setup_task_logger "
    "beat_init beat_embedded_init eventlet_pool_started eventlet_pool_preshutdown eventlet_pool_postshutdown "
    "eventlet_pool_apply user_preload_options"
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
_CANVAS = "Signature chain xmap xstarmap chunks group chord signature maybe_signature subtask"
_CONTEXT = "current_app current_task get_current_app get_current_task get_current_worker_task set_default_app"
_RESULTS = (
    "ResultBase AsyncResult ResultSet GroupResult EagerResult result_from_tuple allow_join_result denied_join_result "
    "assert_will_not_block"
)
_SCHEDULES = "ParseException schedule crontab crontab_parser maybe_schedule solar BaseSchedule schedstate"

MODULES: Table = {
    "celery": from_("celery._app", "Celery")
    | from_("celeriac.app", "Task shared_task")
    | from_("celeriac.app.reporting", "bugreport")
    | from_("celeriac.current", "current_app current_task")
    | from_("celeriac.canvas", _CANVAS)
    | from_("celeriac.core.ids", "uuid")
    | own(
        "about",
        "VERSION VERSION_BANNER SERIES version_info version_info_t maybe_patch_concurrency "
        "__version__ __author__ __contact__ __homepage__ __docformat__ __keywords__",
    ),
    "celery.__main__": own("commands", "main"),
    "celery._state": from_("celeriac.current", f"{_CONTEXT} task_join_will_block")
    | from_("celeriac.current", "_set_task_join_will_block=set_task_join_will_block _set_current_app=set_current_app")
    | from_("celeriac.app", "connect_on_app_finalize"),
    "celery.app": from_("celery._app", "Celery default_app")
    | from_("celeriac.app", "shared_task")
    | from_("celeriac.app.reporting", "bugreport")
    | own("about", "app_or_default enable_trace disable_trace")
    | from_("celeriac.current.stack", "push_current_task=push_task pop_current_task=pop_task"),
    "celery.app.amqp": own("amqp", "AMQP") | from_("celeriac.app.queues", "Queues"),
    "celery.app.annotations": from_("celeriac.app.annotations", "MapAnnotation prepare resolve_all"),
    "celery.app.autoretry": from_("celeriac.app.autoretry", "add_autoretry_behaviour"),
    "celery.app.backends": own("backends", "by_name by_url BACKEND_ALIASES"),
    "celery.app.base": from_("celery._app", "Celery"),
    "celery.app.builtins": {},
    "celery.app.control": from_("celeriac.control", "Control Inspect") | own("about", "flatten_reply"),
    "celery.app.defaults": own("defaults", "Option NAMESPACES DEFAULTS flatten find"),
    "celery.app.events": from_("celeriac.events", "Events"),
    "celery.app.log": own("logs", "Logging TaskFormatter"),
    "celery.app.registry": from_("celeriac.app.registry", "TaskRegistry"),
    "celery.app.routes": from_("celeriac.app.routing", "MapRoute Router expand_router_string prepare"),
    "celery.app.task": from_("celeriac.app", "Task") | from_("celeriac.current", "Context"),
    "celery.app.trace": from_(
        "celeriac.execution.texts",
        "LOG_RECEIVED LOG_SUCCESS LOG_FAILURE LOG_INTERNAL_ERROR LOG_IGNORED LOG_REJECTED LOG_RETRY logger",
    )
    | from_("celeriac.execution.tracing", "build_tracer task_has_custom")
    | own("about", "setup_worker_optimizations reset_worker_optimizations"),
    "celery.app.utils": from_("celeriac.app.lookup", "find_app")
    | from_("celeriac.app.reporting", "bugreport")
    | from_("celeriac.settings", "Settings filter_hidden_settings=censored sanitize_url=mask_url")
    | own("about", "appstr"),
    "celery.canvas": from_("celeriac.canvas", f"{_CANVAS} StampingVisitor maybe_subtask _chain _chord _basemap"),
    "celery.exceptions": from_("celeriac.exceptions", _EXCEPTIONS) | own("about", "CeleryCommandException"),
    "celery.local": from_("celeriac.current", "Proxy PromiseProxy maybe_evaluate") | own("importing", "try_import"),
    "celery.loaders": own("loaders", "get_loader_cls"),
    "celery.loaders.app": own("loaders", "AppLoader"),
    "celery.loaders.base": own("loaders", "BaseLoader") | from_("celeriac.app.loaders", "find_related_module"),
    "celery.loaders.default": own("loaders", "Loader DEFAULT_CONFIG_MODULE"),
    "celery.registry": from_("celeriac.app.registry", "TaskRegistry") | own("about", "tasks"),
    "celery.result": from_("celeriac.result", _RESULTS),
    "celery.schedules": from_("celeriac.schedules", _SCHEDULES),
    "celery.security": own("security", "setup_security"),
    "celery.security.certificate": from_("celeriac.wire.signed", "Certificate CertStore FSCertStore"),
    "celery.security.key": from_("celeriac.wire.signed", "PrivateKey"),
    "celery.security.serialization": from_("celeriac.wire.signed", "SecureSerializer register_auth"),
    "celery.security.utils": from_("celeriac.wire.signed", "get_digest_algorithm reraise_errors"),
    "celery.signals": from_("celeriac.signals", _SIGNALS),
    "celery.states": from_("celeriac.states", _STATES),
    "celery.task": from_("celeriac.app", "Task") | own("about", "task periodic_task"),
    # -- contrib
    "celery.contrib": {},
    "celery.contrib.abortable": from_("celeriac.contrib.abortable", "AbortableTask AbortableAsyncResult ABORTED"),
    "celery.contrib.django": {},
    "celery.contrib.django.task": from_("celeriac.contrib.django.task", "DjangoTask"),
    "celery.contrib.migrate": own(
        "migrating",
        "StopFiltering State republish migrate_task migrate_tasks move task_id_eq task_id_in start_filter "
        "move_task_by_id move_by_idmap move_by_taskmap move_direct move_direct_by_id",
    ),
    "celery.contrib.pytest": from_(
        "celeriac.testing.celery_plugin",
        "celery_app celery_worker celery_session_app celery_session_worker celery_config celery_parameters "
        "celery_worker_parameters celery_worker_pool celery_enable_logging celery_includes celery_class_tasks "
        "use_celery_app_trap depends_on_current_app pytest_configure",
    ),
    "celery.contrib.rdb": from_(
        "celeriac.contrib.rdb", "set_trace debugger Rdb CELERY_RDB_HOST CELERY_RDB_PORT DEFAULT_PORT"
    ),
    "celery.contrib.sphinx": own("sphinx_tasks", "setup TaskDocumenter TaskDirective autodoc_skip_member_handler"),
    "celery.contrib.testing": {},
    "celery.contrib.testing.app": from_("celeriac.testing.app", "setup_default_app set_trap Trap DEFAULT_TEST_CONFIG")
    | own("testing", "TestApp"),
    "celery.contrib.testing.manager": from_(
        "celeriac.testing.patience", "Manager ManagerMixin Sentinel E_STILL_WAITING"
    ),
    "celery.contrib.testing.mocks": own("testing", "TaskMessage TaskMessage1 task_message_from_sig ContextMock"),
    "celery.contrib.testing.tasks": from_("celeriac.testing.tasks", "ping"),
    "celery.contrib.testing.worker": from_(
        "celeriac.testing.worker", "start_worker TestWorkController setup_app_for_worker WORKER_LOGLEVEL"
    ),
    "celery.fixups": {},
    "celery.fixups.django": from_("celeriac.contrib.django", "DjangoFixup fixup DjangoWorkerFixup"),
}
