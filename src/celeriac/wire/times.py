"""The moments in headers: ISO 8601 text as Celery writes it, to and from Unix seconds."""

from datetime import UTC, datetime, tzinfo

from ..core.errors import DecodeError


def timestamp(text: str, zone: tzinfo = UTC) -> float:
    """Unix seconds of a header's moment; `zone` is for those that name none (the app's timezone)."""
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=zone)
        return moment.timestamp()
    except (ValueError, TypeError, OverflowError, OSError) as exc:
        raise DecodeError(f"{text!r} is no moment in ISO 8601: {exc}") from exc


def iso(now: float, zone: tzinfo = UTC) -> str:
    """A moment as Celery writes it, for eta and expires."""
    return datetime.fromtimestamp(now, zone).isoformat()
