"""download (HTTPS, GET): a book's pictures as one ZIP archive."""

import flask
from werkzeug.datastructures import Headers

from functions.api.parsing import checked_job_id
from functions.api.problems import Problem
from functions.caller import caller_of
from functions.edge import client_function
from functions.wiring import services
from shared.usecases.pack_book import pack_book


@client_function("GET")
def download(request: flask.Request) -> flask.Response:
    """Stream the pictures that there are, by readable names in the order of the book."""
    caller = caller_of(request)
    job_id = request.args.get("jobId")
    if not job_id:
        raise Problem(400, "missing_id", "Say which job: download?jobId=...")
    pieces = pack_book(services(), caller.uid, checked_job_id(job_id), caller.teaches)
    headers = Headers({"Cache-Control": "private, no-store"})
    headers.add("Content-Disposition", "attachment", filename=f"book-{job_id[:8]}.zip")
    return flask.Response(pieces, 200, headers, content_type="application/zip")
