"""Structured log lines, as Cloud Logging reads them from standard output: one JSON object each.

Never log a prompt, a name, or an id of a child: ids of ours (`jobId`, `imageId`) say enough.
"""

import json
import sys
from typing import Literal

Severity = Literal["DEBUG", "INFO", "WARNING", "ERROR"]


def log(severity: Severity, message: str, **fields: object) -> None:
    """Write one line; `fields` are camel-cased names with values that JSON can hold."""
    line = json.dumps({"severity": severity, "message": message, **fields}, default=str)
    sys.stdout.write(line + "\n")
    sys.stdout.flush()
