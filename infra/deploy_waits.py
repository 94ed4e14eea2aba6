"""What a first deployment has to wait for: things that Google knows of a while after it said yes.

Each of these failures passes by itself, so that trying again is all that there is to do.
Terraform's side of the first: https://github.com/hashicorp/terraform-provider-google/issues/11102
"""

import re
from collections.abc import Callable
from typing import Final

from infra.deploy_programs import DeployError, say

PASSING: Final = {
    "a new metric is not known to the alerts yet": r"Cannot find metric that matches type",
    "the rights of Eventarc's own account are on their way": (
        r"Permission denied while using the Eventarc Service Agent"
    ),
    "an API that was just enabled is not known everywhere yet": (
        r"API has not been used in project .* before or it is disabled"
    ),
}
"""What is waited for, and what is written in the meantime."""

PAUSE: Final = 90.0
"""Seconds between two tries."""

TRIES: Final = 9
"""So twelve minutes of waiting: a metric can take ten, Eventarc's account seven."""

_ERROR = re.compile(r"^\s*error:", re.IGNORECASE | re.MULTILINE)
_AROUND = re.compile(r"\x1b\[[0-9;]*m|[│╷╵]")
"""What Terraform draws around its messages: colours and a frame."""


def settle(step: Callable[[], None], sleep: Callable[[float], None]) -> None:
    """Take a step until what it waits for is there. Raises the step's own `DeployError`.

    That is when something else went wrong, too, or it was tried `TRIES` times.
    """
    for left in reversed(range(TRIES)):
        try:
            step()
        except DeployError as error:
            reasons = passing(error.said)
            if not reasons or not left:
                raise
            say(
                f"Google needs a while: {'; '.join(reasons)}. Trying again in {PAUSE:.0f} seconds "
                f"({left} more times at most)."
            )
            sleep(PAUSE)
        else:
            return


def passing(said: str) -> list[str]:
    """What is to be waited for; nothing, if one of the errors is none that passes."""
    _, *errors = _ERROR.split(_AROUND.sub("", said))
    reasons = [_reason(error) for error in errors]
    return sorted({reason for reason in reasons if reason}) if all(reasons) else []


def _reason(error: str) -> str | None:
    text = " ".join(error.split())  # Terraform breaks lines
    return next((what for what, words in PASSING.items() if re.search(words, text)), None)
