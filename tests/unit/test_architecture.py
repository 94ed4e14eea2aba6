"""The shape of the house: imports go downwards only, and every entry point is exported."""

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

import main
from shared.settings import Settings

ROOT = Path(__file__).parents[2]

MAY_IMPORT = {
    "shared.domain": {"shared.domain"},
    "shared.ports": {"shared.domain", "shared.ports"},
    "shared.log": {"shared.domain"},
    "shared.trace_ids": set(),
    "shared.tracing": {"shared.log", "shared.trace_ids"},
    "shared.settings_table": {
        "shared.domain",
        "shared.settings_access",
        "shared.settings_watching",
    },
    "shared.settings_access": set(),
    "shared.settings_watching": set(),
    "shared.settings": {
        "shared.domain",
        "shared.prompt_file",
        "shared.fallback_file",
        "shared.notify_hooks",
        "shared.settings_access",
        "shared.settings_table",
    },
    "shared.prompt_file": {"shared.domain"},
    "shared.fallback_file": {"shared.domain"},
    "shared.adapters": {
        "shared.domain",
        "shared.ports",
        "shared.log",
        "shared.tracing",
        "shared.adapters",
    },
    # Use cases know what they need (the ports), never who provides it (the adapters).
    "shared.usecases": {
        "shared.domain",
        "shared.ports",
        "shared.log",
        "shared.tracing",
        "shared.crash_points",
        "shared.notify_hooks",
        "shared.usecases",
    },
    "functions": {"shared", "functions"},
    "infra": {"shared", "functions", "infra"},
}
MODULES = sorted(
    path for folder in ("shared", "functions") for path in (ROOT / folder).rglob("*.py")
)


def name_of(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def imports_of(path: Path) -> set[str]:
    """The project's own modules that a module imports."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
    return {
        name for name in found if name.split(".")[0] in {"shared", "functions", "infra", "tests"}
    }


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_imports_go_downwards_only(path):
    floor = next((f for f in MAY_IMPORT if (name_of(path) + ".").startswith(f + ".")), None)
    allowed = MAY_IMPORT[floor] if floor else set()

    for imported in imports_of(path):
        assert any((imported + ".").startswith(a + ".") for a in allowed), imported


PURE = {"collections", "dataclasses", "datetime", "difflib", "enum", "hashlib", "typing",
        "pydantic", "re",
        "unicodedata", "base64", "json", "shared"}  # fmt: skip


@pytest.mark.parametrize("path", sorted((ROOT / "shared" / "domain").rglob("*.py")), ids=name_of)
def test_the_domain_knows_no_outside_world(path):
    tree = ast.parse(path.read_text())
    roots = {
        (node.module if isinstance(node, ast.ImportFrom) else node.names[0].name).split(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
    }
    assert roots <= PURE
    calls = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    assert not calls & {"now", "utcnow", "today"}


def test_main_exports_every_function_and_nothing_else():
    modules = {p.stem for p in (ROOT / "functions").glob("*.py")}
    helpers = {"__init__", "caller", "edge", "invoker", "wiring"}

    assert set(main.__all__) == modules - helpers
    assert all(callable(getattr(main, name)) for name in main.__all__)


def test_importing_the_functions_needs_no_settings_and_no_credentials():
    done = subprocess.run(
        [sys.executable, "-c", "import main; print(len(main.__all__))"],
        cwd=ROOT,
        env={"PATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.stdout.strip(), done.returncode) == (str(len(main.__all__)), 0), done.stderr


HEAVY = ("rembg", "onnxruntime", "numpy", "PIL")


@pytest.mark.parametrize("name", main.__all__)
def test_no_function_loads_what_only_pictures_need_before_it_has_one(name):
    code = f"import sys, functions.{name}; print([m for m in {HEAVY} if m in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def test_what_a_step_does_with_pictures_needs_no_more_than_pillow():
    code = """
import io, sys
from PIL import Image
from shared.adapters.picture_tools import PillowTools
from shared.ports import Picture
file = io.BytesIO()
Image.effect_noise((64, 64), 50).convert("RGB").save(file, "PNG")
picture = Picture(data=file.getvalue(), content_type="image/png", suffix=".png")
tools = PillowTools()
tools.nearest(picture, picture), tools.previews(picture), tools.drawing(picture.data)
print([m for m in ("rembg", "onnxruntime", "numpy") if m in sys.modules])
"""
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def test_only_the_post_process_function_is_deployed_with_what_cuts_out():
    packages = {
        name: {line.split("==")[0] for line in (ROOT / name).read_text().splitlines()}
        for name in ("requirements.txt", "requirements-postprocess.txt")
    }
    assert not {"rembg", "onnxruntime", "numpy"} & packages["requirements.txt"]
    assert {"rembg", "onnxruntime", "numpy"} <= packages["requirements-postprocess.txt"]
    assert packages["requirements.txt"] <= packages["requirements-postprocess.txt"]


def test_the_bucket_keeps_pictures_for_as_long_as_their_jobs():
    rules = json.loads((ROOT / "infra" / "bucket-lifecycle.json").read_text())["rule"]
    with_book, at_last = (r["condition"] for r in rules if "matchesPrefix" not in r["condition"])

    lifetime = Settings.model_fields["job_lifetime_days"].default
    assert with_book == {"daysSinceCustomTime": 1}  # see `BucketPictureStore.put`
    assert at_last == {"age": lifetime + 1}


def test_no_function_imports_cloud_storage_before_it_stores_a_picture():
    code = "import sys, main; print('google.cloud.storage' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "False"


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_modules_are_about_one_noun(path):
    assert len(path.read_text().splitlines()) <= 300
