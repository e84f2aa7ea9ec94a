"""The remote control commands whose replies are recorded from Celery's worker and compared with ours.

{sleeping}, {other}, {stamped} and {delayed} stand for the ids of tasks: three that run (the third has STAMPS, and
begins when the others have ended), one that waits for its time.
"""

STAMPS = {"stamped_headers": ["job"], "stamps": {"job": "9"}}
NOBODY = "nobody replied"
ENDS = "terminate"  # the case behind which {stamped} is sent

# label, command, arguments
CASES = [
    ("ping", "ping", {}),
    ("active", "active", {}),
    ("active safe", "active", {"safe": True}),
    ("reserved", "reserved", {}),
    ("scheduled", "scheduled", {}),
    ("registered", "registered", {}),
    ("registered attributes", "registered", {"taskinfoitems": ["rate_limit", "serializer"]}),
    ("stats", "stats", {}),
    ("active_queues", "active_queues", {}),
    ("query_task", "query_task", {"ids": ["{sleeping}", "{delayed}", "nobody"]}),
    ("query_task one", "query_task", {"ids": "{sleeping}"}),
    ("clock", "clock", {}),
    ("conf", "conf", {}),
    ("conf all", "conf", {"with_defaults": True}),
    ("registered builtins", "registered", {"builtins": True}),
    ("report", "report", {}),
    ("memsample", "memsample", {}),
    ("memdump", "memdump", {}),
    ("memdump some", "memdump", {"samples": 2}),
    ("objgraph", "objgraph", {"type": "Request"}),
    ("hello", "hello", {"from_node": "other@here", "revoked": {}}),
    ("hello myself", "hello", {"from_node": "node@here"}),
    ("revoke", "revoke", {"task_id": "a"}),
    ("revoke nothing", "revoke", {}),
    ("revoke terminate unknown", "revoke", {"task_id": "nobody", "terminate": True}),
    ("revoke terminate", "revoke", {"task_id": ["{sleeping}"], "terminate": True}),
    ("terminate", "terminate", {"signal": "KILL", "task_id": "{other}"}),
    ("stamps", "revoke_by_stamped_headers", {"headers": {"job": ["1"]}}),
    ("stamps as words", "revoke_by_stamped_headers", {"headers": ["job=1"]}),
    ("stamps terminate", "revoke_by_stamped_headers", {"headers": {"job": "1"}, "terminate": True}),
    ("stamps terminate one", "revoke_by_stamped_headers", {"headers": {"job": ["9"]}, "terminate": True}),
    ("revoked", "revoked", {}),
    ("rate_limit", "rate_limit", {"task_name": "control.add", "rate_limit": "5/m"}),
    ("rate_limit off", "rate_limit", {"task_name": "control.add", "rate_limit": 0}),
    ("rate_limit unknown", "rate_limit", {"task_name": "nobody", "rate_limit": "5/m"}),
    ("time_limit", "time_limit", {"task_name": "control.add", "soft": 1, "hard": 2}),
    ("time_limit unknown", "time_limit", {"task_name": "nobody", "soft": 1}),
    ("add_consumer", "add_consumer", {"queue": "more"}),
    (
        "add_consumer all",
        "add_consumer",
        {"queue": "topic", "exchange": "ex", "exchange_type": "topic", "routing_key": "a.#"},
    ),
    ("active_queues after", "active_queues", {}),
    ("cancel_consumer", "cancel_consumer", {"queue": "more"}),
    ("cancel_consumer unknown", "cancel_consumer", {"queue": "nobody"}),
    ("pool_grow", "pool_grow", {"n": 2}),
    ("pool_shrink", "pool_shrink", {"n": 1}),
    ("autoscale", "autoscale", {"max": 3, "min": 1}),
    ("enable_events", "enable_events", {}),
    ("enable_events again", "enable_events", {}),
    ("disable_events", "disable_events", {}),
    ("disable_events again", "disable_events", {}),
    ("heartbeat", "heartbeat", {}),
    ("pool_restart", "pool_restart", {}),
    ("unknown", "no_such_command", {}),
    ("election", "election", {"id": "an-id", "topic": "nobody", "action": None}),  # Celery's worker ends over it
]

# The same for a worker with --autoscale=3,1 whose pool may not be restarted.
SCALING = [
    ("scaling stats", "stats", {}),
    ("scaling pool_grow", "pool_grow", {"n": 1}),
    ("scaling pool_shrink", "pool_shrink", {"n": 1}),
    ("scaling autoscale", "autoscale", {"max": 4, "min": 2}),
    ("scaling pool_restart", "pool_restart", {}),
    ("shutdown", "shutdown", {}),  # nobody replies to this
]
