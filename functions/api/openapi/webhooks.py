"""What a client's own server is sent, as the API document tells of it."""

from functions.api.answers import EventModel, ImageEndedModel, JobEndedModel
from functions.api.openapi import examples
from functions.api.openapi.components import Json, paragraphs, ref

EVENTS: tuple[type[EventModel], ...] = (ImageEndedModel, JobEndedModel)

_NOTES = (
    "Posted to the `callbackUrl` of the book, signed as [Standard Webhooks]"
    "(https://www.standardwebhooks.com) has it. It may come twice, with the same `webhook-id`, and "
    "in any order; an answer other than 2xx, or none, brings it again for about a day."
)
_HEADERS = (
    ("webhook-id", "Of the event: the same whenever it is told.", "^evt_[a-z2-7]{26}$"),
    ("webhook-timestamp", "When it was told, in seconds since 1970.", "^[0-9]+$"),
    (
        "webhook-signature",
        "`v1,` and the HMAC-SHA256 of id, timestamp and body with dots between, in base64; one "
        "for each secret, with spaces between.",
        "^v1,[A-Za-z0-9+/]{43}=( v1,[A-Za-z0-9+/]{43}=)*$",
    ),
)


def webhooks() -> Json:
    """The document's webhooks, by name."""
    return {
        "imageEnded": _webhook(ImageEndedModel, examples.IMAGE_ENDED),
        "jobEnded": _webhook(JobEndedModel, examples.JOB_ENDED),
    }


def _webhook(model: type[EventModel], example: EventModel) -> Json:
    content = {"schema": ref(model), "example": example.model_dump(mode="json")}
    return {
        "post": {
            "summary": paragraphs(model.__doc__),
            "description": _NOTES,
            "parameters": [
                {
                    "name": name,
                    "in": "header",
                    "required": True,
                    "description": description,
                    "schema": {"type": "string", "pattern": pattern},
                }
                for name, description, pattern in _HEADERS
            ],
            "requestBody": {"required": True, "content": {"application/json": content}},
            "responses": {
                "2XX": {"description": "It has come; it is not told again."},
                "410": {"description": "No more of this one is wanted; it is not told again."},
                "default": {"description": "It is told again later."},
            },
        }
    }
