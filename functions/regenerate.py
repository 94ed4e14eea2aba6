"""regenerate (HTTPS, POST): paints one image again."""

import flask

from functions.api.looks import check_wish
from functions.api.parsing import IMAGE_ID, parse_body
from functions.api.requests import RegenerateModel
from functions.api.views import answer, image_view, status_url
from functions.caller import caller_of
from functions.edge import client_function
from functions.wiring import services
from shared.settings import settings
from shared.usecases import regenerate as use_case
from shared.usecases.refusals import ImageNotFound


@client_function("POST")
def regenerate(request: flask.Request) -> flask.Response:
    """Start the image's next generation; its old picture stays until the new one is stored."""
    caller = caller_of(request)
    body = parse_body(request, RegenerateModel)
    if not IMAGE_ID.fullmatch(body.image_id):
        raise ImageNotFound(body.image_id)
    check_wish(body, services().policy.prompts)
    wish = use_case.Wish(
        prompt=body.prompt,
        option_ids=None if body.option_ids is None else tuple(body.option_ids),
        background_effect=body.background_effect,
        candidate=body.candidate,
    )
    image = use_case.regenerate(services(), caller.uid, body.image_id, wish, caller.teaches)
    headers = {"Location": status_url(settings().functions_url, image.job_id)}
    return answer(image_view(image), 202, headers)
