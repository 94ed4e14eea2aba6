"""postprocess (Cloud Tasks): brings a finished picture into our bucket and ends the image.

A function of its own, because what is done to pictures needs memory that no other function does.
"""

import flask

from functions.edge import task_function
from functions.step import do_step


@task_function
def postprocess(request: flask.Request) -> str:
    """Store the picture of the image."""
    return do_step(request, stores=True)
