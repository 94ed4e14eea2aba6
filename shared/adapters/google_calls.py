"""How Google's services are called: in bounded time, and again if what was wrong passes."""

from typing import Any

from google.api_core import exceptions as google_errors
from google.api_core.retry import Retry, if_exception_type

CALL_SECONDS = 10.0
"""Of one call, its retries included: well below the claim's lease."""

FAILED = (google_errors.GoogleAPICallError, google_errors.RetryError)
"""What a call raises that was not answered, or not as it was to be."""


def within(seconds: float) -> dict[str, Any]:
    """The arguments of a call that may take that long, its retries included."""
    again = if_exception_type(google_errors.ServiceUnavailable)
    retry = Retry(initial=0.1, maximum=1.0, timeout=seconds, predicate=again)
    return {"timeout": seconds, "retry": retry}
