"""The boundary to Firestore: the client library's errors become the port's."""

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from google.api_core import exceptions as google_errors

from shared.adapters.google_calls import FAILED
from shared.ports import Conflict, StoreUnavailable

P = ParamSpec("P")
R = TypeVar("R")


def at_the_boundary(method: Callable[P, R]) -> Callable[P, R]:
    """Turn the client library's errors into ours."""

    @wraps(method)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return method(*args, **kwargs)
        except (
            google_errors.FailedPrecondition,
            google_errors.AlreadyExists,
            google_errors.NotFound,
            google_errors.Aborted,
        ) as error:
            raise Conflict(str(error)) from error
        except FAILED as error:
            raise StoreUnavailable(str(error)) from error

    return wrapped
