"""Packs the sources that functions are built from: `python -m infra.package [--folder DIR]`.

Each archive is named by the SHA-256 of what is in it, so that a change of code, and nothing else,
is a new name, by which Terraform sees that functions must be built anew. The same files make the
same bytes: sorted names, one timestamp, one mode.
Exit codes: 0 packed, and the output says where; 1 a file is missing, and it says what to do.
"""

import argparse
import hashlib
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from shared.adapters.rembg_masks import CHECKSUMS

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / ".local" / "deploy" / "archives"
LIGHT, POST_PROCESSING = "light", "post-processing"
"""The archives, as infra/functions.json names them."""

_CODE = ("functions", "shared")
_SUFFIXES = (".py", ".toml")
"""Of code, where git can't tell what is."""
_TIME = (1980, 1, 1, 0, 0, 0)  # the earliest that a ZIP archive can tell
_MODE = 0o644


class PackageError(Exception):
    """Something that belongs into an archive is missing; the message says what to do."""


def main(argv: Sequence[str]) -> int:
    """Pack both archives, say where they are, and return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m infra.package", description=__doc__)
    parser.add_argument("--folder", type=Path, default=FOLDER)
    options = parser.parse_args(argv)
    try:
        for name, path in pack_all(options.folder).items():
            sys.stdout.write(f"{name}: {path}\n")
    except PackageError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


def pack_all(folder: Path, root: Path = ROOT) -> dict[str, Path]:
    """Both archives by name. Raises `PackageError`."""
    return {
        LIGHT: pack(LIGHT, light_files(root), folder),
        POST_PROCESSING: pack(POST_PROCESSING, post_processing_files(root), folder),
    }


def light_files(root: Path = ROOT) -> dict[str, Path]:
    """What all functions but one are built from, by name in the archive. Raises `PackageError`."""
    files = {"main.py": root / "main.py", "requirements.txt": root / "requirements.txt"}
    tracked = _tracked(root)
    for folder in _CODE:
        for path in (root / folder).rglob("*"):
            name = path.relative_to(root).as_posix()
            # A stray file (an .env, an editor's backup) would be built into every function.
            wanted = path.suffix in _SUFFIXES if tracked is None else name in tracked
            if path.is_file() and wanted:
                files[name] = path
    return files


def _tracked(root: Path) -> frozenset[str] | None:
    """The names of code that git knows; None: this is no working copy, or git is not there."""
    git = shutil.which("git")
    if git is None or not (root / ".git").exists():
        return None
    done = subprocess.run(  # noqa: S603 - git, with arguments of ours alone
        [git, "ls-files", "-z", "--", *_CODE], cwd=root, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise PackageError(f"git could not say which files are its own:\n  {done.stderr.strip()}")
    return frozenset(done.stdout.split("\0"))


def post_processing_files(root: Path = ROOT) -> dict[str, Path]:
    """The same with what cuts figures out: its packages, and the models. Raises `PackageError`."""
    files = light_files(root) | {"requirements.txt": root / "requirements-postprocess.txt"}
    for name in CHECKSUMS:
        model = root / ".local" / "models" / f"{name}.onnx"
        if not model.is_file():
            raise PackageError(f"The model {name} is missing in {model.parent}. Run: make models")
        files[f"models/{model.name}"] = model
    return files


def pack(name: str, files: Mapping[str, Path], folder: Path) -> Path:
    """An archive of those files; one that is there already is left alone."""
    path = folder / f"{name}-{digest(files)}.zip"
    if path.is_file():
        return path
    folder.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    with zipfile.ZipFile(partial, "w") as archive:
        for member, file in sorted(files.items()):
            info = zipfile.ZipInfo(member, _TIME)
            info.create_system = 3  # Unix, whatever this machine is
            info.external_attr = _MODE << 16
            # Models don't get smaller, only slower.
            small = file.suffix != ".onnx"
            info.compress_type = zipfile.ZIP_DEFLATED if small else zipfile.ZIP_STORED
            archive.writestr(info, file.read_bytes())
    partial.replace(path)
    return path


def digest(files: Mapping[str, Path]) -> str:
    """SHA-256 over names and contents: the same on every machine, whatever it compresses with."""
    whole = hashlib.sha256()
    for member, file in sorted(files.items()):
        with file.open("rb") as content:
            whole.update(member.encode() + b"\0")
            whole.update(hashlib.file_digest(content, "sha256").digest())
    return whole.hexdigest()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
