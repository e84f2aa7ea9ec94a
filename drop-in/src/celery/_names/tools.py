"""celery.utils and celery.platforms: small things that programs borrow from Celery."""

from .writing import Table, from_, own

_TEXT = (
    "abbr abbrtask dedent dedent_initial ensure_newlines ensure_sep fill_paragraphs indent join pluralize pretty "
    "simple_format str_to_list truncate"
)
_FUNCTIONAL = (
    "LRUCache chunks dictfilter first firstmethod fun_accepts_kwargs head_from_fun is_list lazy lookahead mattrgetter "
    "maybe maybe_evaluate maybe_list memoize mlazy noop padlist regen seq_concat_item seq_concat_seq uniq"
)
_TIME = (
    "LocalTimezone timezone maybe_timedelta delta_resolution remaining rate weekday humanize_seconds maybe_iso8601 "
    "is_naive make_aware localize to_utc maybe_make_aware ffwd utcoffset adjust_timestamp "
    "get_exponential_backoff_interval add_seconds_to_datetime subtract_datetimes"
)
_COLLECTIONS = (
    "AttributeDict AttributeDictMixin BufferMap ChainMap ConfigurationView DictAttribute Evictable LimitedSet "
    "Messagebuffer OrderedDict force_mapping lpmerge"
)
_IMPORTS = (
    "NotAPackage cwd_in_path find_module gen_task_name import_from_cwd instantiate module_file qualname "
    "reload_from_cwd symbol_by_name"
)
_NODES = "worker_direct gethostname nodename anon_nodename nodesplit default_nodename node_format host_format"
_LOGS = (
    "LOG_LEVELS ColorFormatter LoggingProxy base_logger logger task_logger worker_logger get_logger get_task_logger "
    "mlevel set_in_sighandler in_sighandler get_multiprocessing_logger reset_multiprocessing_logger"
)
_SERIALIZATION = (
    "UnpickleableExceptionWrapper create_exception_cls find_pickleable_exception get_pickleable_etype "
    "get_pickleable_exception get_pickled_exception strtobool subclass_exception b64encode b64decode"
)
_PLATFORMS = (
    "EX_OK EX_FAILURE EX_UNAVAILABLE EX_USAGE EX_CANTCREAT SYSTEM IS_macOS IS_WINDOWS SIGMAP SIGNAMES Pidfile "
    "LockFailed create_pidlock parse_uid parse_gid setuid setgid setgroups initgroups maybe_drop_privileges signals "
    "Signals signal_name set_process_title set_mp_process_title pyimplementation isatty get_fdmax get_errno_name "
    "ignore_errno close_open_fds"
)

MODULES: Table = {
    "celery.platforms": own("platforms", _PLATFORMS),
    "celery.utils": own("logs", "LOG_LEVELS")
    | own("functions", "chunks memoize noop")
    | own("importing", "gen_task_name get_cls_by_name get_full_cls_name import_from_cwd instantiate")
    | own("nodes", "nodename nodesplit worker_direct")
    | from_("celeriac.core.ids", "uuid gen_unique_id=uuid")
    | from_("functools", "cached_property"),
    "celery.utils.abstract": own("abstract", "CallableTask CallableSignature"),
    "celery.utils.annotations": own("importing", "annotation_is_class annotation_issubclass"),
    "celery.utils.collections": own("holders", _COLLECTIONS),
    "celery.utils.deprecated": own("terms", "warn Callable=Callable_ Property"),
    "celery.utils.dispatch": from_("celeriac.core.signals", "Signal"),
    "celery.utils.dispatch.signal": from_("celeriac.core.signals", "Signal"),
    "celery.utils.functional": own("functions", _FUNCTIONAL),
    "celery.utils.graph": from_("celeriac.result", "CycleError DependencyGraph GraphFormatter"),
    "celery.utils.imports": own("importing", _IMPORTS),
    "celery.utils.iso8601": own("moments", "parse_iso8601"),
    "celery.utils.log": own("logs", _LOGS),
    "celery.utils.nodenames": own("nodes", _NODES),
    "celery.utils.objects": own("holders", "Bunch FallbackContext getitem_property mro_lookup"),
    "celery.utils.saferepr": from_("celeriac.wire.saferepr", "saferepr"),
    "celery.utils.serialization": own("pickles", _SERIALIZATION),
    "celery.utils.sysinfo": own(
        "terms", "AUTO_CONCURRENCY available_cpu_count cpu_budget is_auto_concurrency load_average"
    ),
    "celery.utils.term": own("terms", "colored"),
    "celery.utils.text": own("texts", _TEXT),
    "celery.utils.threads": own("terms", "Local LocalStack bgThread") | from_("threading", "get_ident"),
    "celery.utils.timer2": from_("celeriac.worker.timer", "Entry Schedule Timer to_timestamp"),
    "celery.utils.time": own("moments", _TIME),
}
