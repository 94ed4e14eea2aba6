"""Which pixels are the figure: masks by rembg's U-2-Net sessions.

rembg, numpy and onnxruntime are imported on first use. Why each line about them is there:
`NUMBA_DISABLE_JIT` saves rembg's first import a minute of compiling, `ORT_DISABLE_TELEMETRY` stops
onnxruntime (since 1.29) from reporting its use, an explicit session keeps rembg from fetching a
model of another licence by default.
"""

import hashlib
import os
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from PIL import Image

CHECKSUMS = {
    "u2net": "8d10d2f3bb75ae3b6d527c77944fc5e7dcd94b29809d47a739a7a728a912b491",
    "u2netp": "309c8469258dda742793dce0ebea8e6dd393174f89934733ecc8b14c76f4ddd8",
}
"""SHA-256 of each model's file, `<name>.onnx`."""
MODELS = {"u2net": ("u2net",), "u2netp": ("u2netp",), "both": ("u2net", "u2netp")}
"""What can be asked for, and the models that answer: of two, each pixel's larger value counts."""

_SIDE = 320
"""Pixels a side of what the network sees, and of its answer."""
_MEAN, _DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
"""Of the pictures that U-2-Net was trained with, per channel."""
_LEAST_CERTAINTY = 0.1
"""Of 1: where no pixel is a figure with more certainty than that, none is stretched to look so."""


class ModelMissing(Exception):
    """A model's file is not there or not right; run `python -m infra.models`."""


class RembgMasks:
    """Masks of one model or two. Safe to share between threads; one picture at a time is best.

    `model` is one of `MODELS`, `folder` holds the files, `threads` is the number of vCPUs.
    """

    def __init__(self, model: str, folder: Path, threads: int) -> None:
        if model not in MODELS:
            raise ValueError(f"No such model: {model}; choose one of {', '.join(MODELS)}.")
        self._names = MODELS[model]
        self._folder = folder
        self._threads = threads
        self._sessions: list[Any] = []
        self._lock = threading.Lock()

    def mask(self, image: "Image.Image") -> "Image.Image":
        """How surely each pixel of an RGB picture is the figure: 0 to 255, mode L, same size.

        All 0 if the network sees no figure. Raises `ModelMissing` at the first picture.
        """
        from PIL import Image, ImageChops

        small = image.convert("RGB").resize((_SIDE, _SIDE), Image.Resampling.LANCZOS)
        found = Image.new("L", small.size, 0)
        for session in self._loaded():
            found = ImageChops.lighter(found, _answer(session, small))
        return found.resize(image.size, Image.Resampling.BICUBIC)

    def load(self) -> None:
        """Load the models now rather than at the first picture. Raises `ModelMissing`."""
        self._loaded()

    def _loaded(self) -> list[Any]:
        with self._lock:
            if not self._sessions:
                for name in self._names:
                    _check(self._folder / f"{name}.onnx", CHECKSUMS[name])
                self._sessions = [
                    _session(name, self._folder, self._threads) for name in self._names
                ]
            return self._sessions


def checksum(file: Path) -> str:
    """SHA-256 of a file's content, in hexadecimal digits."""
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def _check(file: Path, expected: str) -> None:
    # rembg takes any file of that name; and it would fetch a missing one by itself.
    if not file.is_file():
        raise ModelMissing(f"The model {file} is missing; run `python -m infra.models`.")
    if checksum(file) != expected:
        raise ModelMissing(f"The model {file} is damaged; run `python -m infra.models`.")


def _session(name: str, folder: Path, threads: int) -> Any:
    # Read at import; U2NET_HOME at each session.
    os.environ["NUMBA_DISABLE_JIT"] = "1"
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"
    os.environ["U2NET_HOME"] = str(folder)

    import onnxruntime  # type: ignore[import-untyped]
    from rembg import new_session  # type: ignore[import-untyped]

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    # Both keep memory for a next picture. Without the arena two models peak at 713 instead of
    # 1025 MiB, and are no slower.
    options.enable_mem_pattern = False
    options.enable_cpu_mem_arena = False
    return new_session(name, sess_opts=options, providers=["CPUExecutionProvider"])


def _answer(session: Any, small: "Image.Image") -> "Image.Image":
    """What the network says of a picture of 320 x 320 pixels, stretched to 0..255.

    Not by the session's own `predict`: it divides by zero if the answer is constant, and stretches
    even the answer to an empty picture, so that noise looks like a figure.
    """
    import numpy
    from PIL import Image

    network = session.inner_session
    given = session.normalize(small, _MEAN, _DEVIATION, (_SIDE, _SIDE))
    certainty = network.run([network.get_outputs()[0].name], given)[0][0, 0]
    least, most = float(certainty.min()), float(certainty.max())
    if most < _LEAST_CERTAINTY or most - least < _LEAST_CERTAINTY:
        value = 255 if least > 1 - _LEAST_CERTAINTY else 0
        return Image.new("L", (_SIDE, _SIDE), value)
    stretched = (certainty - least) * (255 / (most - least))
    return Image.fromarray(numpy.rint(stretched).astype(numpy.uint8))
