"""The archives that functions are built from: named by content, the same bytes, complete."""

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from infra.local.stack_options import ROOT
from infra.package import LIGHT, PackageError, digest, light_files, pack, post_processing_files
from shared.adapters.rembg_masks import CHECKSUMS

CODE = {"main.py": "print(1)\n", "functions/a.py": "", "shared/prompts.toml": "x = 1\n"}


@pytest.fixture
def tree(tmp_path):
    """A project with models of a few bytes."""
    root = tmp_path / "project"
    files = CODE | {"requirements.txt": "flask\n", "requirements-postprocess.txt": "flask\nrembg\n"}
    files |= {f".local/models/{name}.onnx": name for name in CHECKSUMS}
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


def test_the_same_code_is_the_same_archive_byte_for_byte(tree, tmp_path):
    first = pack(LIGHT, light_files(tree), tmp_path / "a")
    os.utime(tree / "main.py", (1, 1))
    (tree / "main.py").chmod(0o600)
    (tree / "functions" / "__pycache__").mkdir()
    (tree / "functions" / "__pycache__" / "a.pyc").write_bytes(b"other")
    second = pack(LIGHT, light_files(tree), tmp_path / "b")

    assert first.name == second.name
    assert first.read_bytes() == second.read_bytes()
    with zipfile.ZipFile(first) as archive:
        assert {member.date_time for member in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert archive.namelist() == sorted(archive.namelist())


@pytest.mark.parametrize("name", [*CODE, "requirements.txt"])
def test_other_code_is_an_archive_of_another_name(tree, name):
    before = digest(light_files(tree))
    (tree / name).write_text("changed\n")
    assert digest(light_files(tree)) != before


STRAY = (".env", "functions/.env", "functions/a.py~", "shared/.a.py.swp", "shared/notes.txt")


def git(root, *arguments):
    identity = ("-c", "user.name=x", "-c", "user.email=x@example.org")
    subprocess.run(["git", *identity, *arguments], cwd=root, check=True, capture_output=True)


def test_what_nobody_committed_is_not_packed(tree):
    git(tree, "init")
    git(tree, "add", "main.py", "functions", "shared")
    git(tree, "commit", "-m", "x")
    before = set(light_files(tree))
    for name in (*STRAY, "functions/scratch.py"):
        (tree / name).write_text("TOKEN=secret\n")
    assert set(light_files(tree)) == before == {*CODE, "requirements.txt"}
    # What was deleted and not committed is gone all the same.
    (tree / "functions" / "a.py").unlink()
    assert "functions/a.py" not in light_files(tree)


def test_without_git_only_code_is_packed(tree):
    for name in STRAY:
        (tree / name).write_text("TOKEN=secret\n")
    assert set(light_files(tree)) == {*CODE, "requirements.txt"}


def test_what_git_can_not_tell_stops_it(tree):
    (tree / ".git").write_text("gitdir: /no/such/place\n")
    with pytest.raises(PackageError, match="git could not say"):
        light_files(tree)


def test_what_is_renamed_is_other_code(tree):
    before = digest(light_files(tree))
    (tree / "functions" / "a.py").rename(tree / "functions" / "b.py")
    assert digest(light_files(tree)) != before


def test_an_archive_that_is_there_is_not_packed_again(tree, tmp_path):
    packed = pack(LIGHT, light_files(tree), tmp_path)
    packed.write_bytes(b"as it was")
    assert pack(LIGHT, light_files(tree), tmp_path).read_bytes() == b"as it was"


def test_post_processing_has_its_own_packages_and_the_models(tree, tmp_path):
    packed = pack("post-processing", post_processing_files(tree), tmp_path)
    with zipfile.ZipFile(packed) as archive:
        assert archive.read("requirements.txt") == b"flask\nrembg\n"
        models = {name for name in archive.namelist() if name.startswith("models/")}
        assert models == {f"models/{name}.onnx" for name in CHECKSUMS}
        assert {i.compress_type for i in archive.infolist() if i.filename in models} == {0}


def test_a_missing_model_says_how_to_get_it(tree):
    (tree / ".local" / "models" / "u2net.onnx").unlink()
    with pytest.raises(PackageError, match="Run: make models"):
        post_processing_files(tree)


def test_every_entry_point_can_be_loaded_from_the_archive_alone(tmp_path):
    unpacked = tmp_path / "unpacked"
    with zipfile.ZipFile(pack(LIGHT, light_files(ROOT), tmp_path)) as archive:
        archive.extractall(unpacked)
    look = (
        "import json, main\n"
        "from shared.prompt_file import read_prompt_rules\n"
        "read_prompt_rules('--v 7', None, None)\n"
        "names = [n for n in main.__all__ if callable(getattr(main, n))]\n"
        "print(json.dumps([main.__file__, *names]))"
    )
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}
    done = subprocess.run(
        [sys.executable, "-c", look], cwd=unpacked, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    where, *names = json.loads(done.stdout)
    assert (unpacked / where).resolve() == unpacked / "main.py"
    assert set(names) >= {"generate", "step", "postprocess"}


def test_nothing_of_this_machine_is_packed():
    names = set(light_files(ROOT))
    assert {"main.py", "requirements.txt", "shared/prompts.toml"} <= names
    tops = {Path(name).parts[0] for name in names}
    assert tops == {"main.py", "requirements.txt", "functions", "shared"}
