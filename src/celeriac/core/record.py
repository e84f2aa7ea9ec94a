"""What a result store keeps of one task or one group."""

import msgspec


class Record(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """An encoded result: the payload is the whole meta document, as bytes of `content_type`."""

    id: str
    state: str
    payload: bytes
    kind: str = "task"  # task | group | chain (a piece of one: core.ports.chains)
    ttl: float | None = None  # seconds to keep it; None: for ever
    reply_to: str | None = None  # whom to send it to, where results are messages
    # SUCCESS, once stored, is never overwritten (except by forget)
