"""Starts a book, watches it, downloads it: `python book.py tale.json`. Needs requests."""

import json
import os
import sys
import time
import uuid
from pathlib import Path
from typing import Any

import requests

API = os.environ.get("FAIRY_TALE_URL", "http://127.0.0.1:8080")
TOKEN = os.environ.get("FAIRY_TALE_TOKEN")
BUSY = {429, 500, 502, 503, 504}


class Problem(Exception):
    """An error answer (RFC 9457): `code` is stable, `detail` says what to do."""

    def __init__(self, answer: requests.Response) -> None:
        is_problem = "problem+json" in answer.headers.get("Content-Type", "")
        problem = answer.json() if is_problem else {}
        self.code = problem.get("code", f"HTTP {answer.status_code}")
        lines = [f"{self.code}: {problem.get('detail', answer.reason)}"]
        lines += [f"  {e['pointer']}: {e['detail']}" for e in problem.get("errors", [])]
        super().__init__("\n".join(lines))


def seconds_to_wait(answer: requests.Response, otherwise: int) -> int:
    """The functions send seconds; a date, as some gateways send it, counts as silence."""
    seconds = answer.headers.get("Retry-After", "")
    return int(seconds) if seconds.isdigit() else otherwise


def call(http: requests.Session, method: str, name: str, **request: Any) -> requests.Response:
    """Call a function; again, up to five times, while it is out of reach or busy."""
    for wait in (1, 2, 4, 8, None):
        try:
            answer = http.request(method, f"{API}/{name}", timeout=(5, 60), **request)
        except (requests.ConnectionError, requests.Timeout):
            if wait is None:
                raise
        else:
            if answer.ok:
                return answer
            if wait is None or answer.status_code not in BUSY:
                raise Problem(answer)
            wait = seconds_to_wait(answer, wait)
        time.sleep(wait)
    raise AssertionError("the last try returns or raises")


def start(http: requests.Session, tale: dict[str, Any]) -> str:
    """Start a book, and return its job's id."""
    # One key for each book, made once: if an answer is lost, the same request finds the same book.
    headers = {"Idempotency-Key": str(uuid.uuid4())}
    job_id: str = call(http, "POST", "generate", json=tale, headers=headers).json()["jobId"]
    return job_id


def watch(http: requests.Session, job_id: str) -> dict[str, Any]:
    """Tell how a book comes along, and return it when it is completed."""
    etag = None
    while True:
        headers = {"If-None-Match": etag}
        answer = call(http, "GET", "status", params={"jobId": job_id}, headers=headers)
        if answer.status_code == 200:  # 304 means that nothing has changed
            book: dict[str, Any] = answer.json()
            etag = answer.headers["ETag"]
            pictures = ", ".join(f"{image['name']}: {image['status']}" for image in book["images"])
            print(f"{book['progress']} %  {pictures}", flush=True)
            if book["completed"]:
                return book
        time.sleep(seconds_to_wait(answer, 2))


def main(tale: Path) -> None:
    """Have a tale painted; the exit code is 0 if every picture is there."""
    with requests.Session() as http:
        if TOKEN:
            http.headers["Authorization"] = f"Bearer {TOKEN}"
        job_id = start(http, json.loads(tale.read_text(encoding="utf-8")))
        print(f"job {job_id}", flush=True)
        book = watch(http, job_id)
        for image in book["images"]:
            if image["error"]:
                print(f"{image['name']}: {image['error']['message']}", file=sys.stderr)
        archive = Path(f"book-{job_id}.zip")
        archive.write_bytes(call(http, "GET", "download", params={"jobId": job_id}).content)
        print(archive)
    sys.exit(book["status"] != "succeeded")


if __name__ == "__main__":
    try:
        main(Path(sys.argv[1]))
    except (Problem, requests.RequestException) as error:
        sys.exit(str(error))
