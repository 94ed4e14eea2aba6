"""How a client asks for a page of a list: `limit` and `cursor` of jobs."""

import base64
import re
from datetime import UTC, datetime, timedelta

import flask

from functions.api.problems import Problem
from functions.api.requests import JOB_ID_PATTERN
from shared.usecases.list_jobs import Place

MOST_JOBS, DEFAULT_JOBS = 100, 20
"""Of one page, at most and if nothing is said."""
CURSOR_PATTERN = "[A-Za-z0-9_-]{4,64}"

_LIMIT = re.compile("[0-9]{1,3}")
_CURSOR = re.compile(CURSOR_PATTERN)
_PLACE = re.compile(f"([0-9]{{1,17}})\\.({JOB_ID_PATTERN})")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def limit_of(request: flask.Request) -> int:
    """How many jobs a page is to have. Raises `Problem` 400."""
    text = request.args.get("limit")
    if text is None:
        return DEFAULT_JOBS
    if not _LIMIT.fullmatch(text) or not 1 <= int(text) <= MOST_JOBS:
        detail = f"limit must be a whole number from 1 to {MOST_JOBS}."
        raise Problem(400, "invalid_limit", detail)
    return int(text)


def place_of(request: flask.Request) -> Place | None:
    """Where the page before ended. Raises `Problem` 400."""
    cursor = request.args.get("cursor")
    if cursor is None:
        return None
    place = _place(cursor)
    if place is None or cursor_of(place) != cursor:
        detail = "cursor must be a nextCursor of jobs, unchanged. Leave it out to begin anew."
        raise Problem(400, "invalid_cursor", detail)
    return place


def cursor_of(place: Place) -> str:
    """A place as clients hand it back: one text for each, which means nothing to them."""
    microseconds = (place.created_at - _EPOCH) // timedelta(microseconds=1)
    text = f"{microseconds}.{place.job_id}"
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _place(cursor: str) -> Place | None:
    if not _CURSOR.fullmatch(cursor):
        return None
    try:
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
        found = _PLACE.fullmatch(text)
        if found is None:
            return None
        created_at = _EPOCH + timedelta(microseconds=int(found[1]))
    except (ValueError, OverflowError):
        return None
    return Place(created_at=created_at, job_id=found[2])
