"""Redis (and Valkey) as broker, result store, lease and bus: kombu's and Celery's keys, our own beside them.

What lies where, each name with the `global_keyprefix` in front (results: see results.py):

    <queue>, <queue>\\x06\\x16<step>       LIST  ready messages, one list for each priority step
    unacked, unacked_index              HASH, ZSET  claimed and delayed messages: [message, "", queue] by tag
    _kombu.binding.<exchange>           SET   which queues an exchange reaches
    /<db>.<exchange>[/<routing key>]    channel of a fanout exchange
    celery-task-meta-<id>, celery-taskset-meta-<id>   STRING  results, published on a channel of the same name
    celeriac.chain.<id>                 STRING  a piece of a long chain (where results are)
    celeriac.delayed.<queue>            ZSET  tags of delayed messages by the time they are due
    celeriac.dead, celeriac.dead.index  HASH, ZSET  dead letters
    celeriac.lease.<name>               STRING with a time to live: "<term> <holder>"
    celeriac.leases, celeriac.term      HASH of last holders, counter of terms
    celeriac.owners, celeriac.owners.dead   SET   workers that may hold claims; those whose claims are being put back
    celeriac.serving                    HASH  the queues (as JSON) that each worker serves

In a cluster (redis+cluster://) all keys of the broker begin with `{celeriac}`, so that they lie in one slot and one
script can move a message; results are spread over all slots. Redis 6.2 or newer is needed.
"""

from .transport import RedisTransport

__all__ = ["RedisTransport"]
