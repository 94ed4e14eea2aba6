"""What the tests of make-book make up: pictures, time, and answers of status."""

import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from PIL import Image

ROOT = Path(__file__).parents[2]
JOB = "a" * 26
URL = "https://functions.example"


def png(colour: str = "red", kind: str = "PNG") -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (30, 40), colour).save(file, kind)
    return file.getvalue()


class Clock:
    """Time that passes by sleeping."""

    def __init__(self) -> None:
        self.now, self.slept = 0.0, list[float]()

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


def image(number: int = 1, **changes: Any) -> dict[str, Any]:
    fields = {
        "imageId": f"{JOB}-{number:03}",
        "kind": "character",
        "role": "reference" if number == 1 else "member",
        "name": f"Mina {number}",
        "prompt": "a girl",
        "status": "succeeded",
        "progress": 100,
        "completed": True,
        "imageUrl": f"http://pictures.example/{number}",
        "isFallback": False,
        "warnings": [],
        "error": None,
    }
    return fields | changes


FAILED = {
    "status": "failed",
    "imageUrl": None,
    "error": {"code": "moderated", "message": "It was <refused>."},
}


def book(*images: Mapping[str, Any], status: str = "succeeded") -> dict[str, Any]:
    return {
        "jobId": JOB,
        "fairytaleId": "the fox",
        "status": status,
        "progress": 100,
        "completed": status not in {"queued", "running"},
        "error": None,
        "images": list(images),
    }
