"""The API as an OpenAPI 3.1 document, made of the models that check requests and build answers.

`python -m functions.api.openapi` prints it; `docs/openapi.json` is what it printed last, and the
local stack serves it at `/openapi.json`. No function imports any of this.
"""

from functions.api.openapi.document import as_text, document

__all__ = ["as_text", "document"]
