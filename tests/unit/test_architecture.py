"""The shape of the house: imports go downwards only, and every entry point is exported."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import main

ROOT = Path(__file__).parents[2]

MAY_IMPORT = {
    "shared.domain": {"shared.domain"},
    "shared.ports": {"shared.domain", "shared.ports"},
    "shared.log": set(),
    "shared.settings": {"shared.domain", "shared.prompt_file"},
    "shared.prompt_file": {"shared.domain"},
    "shared.adapters": {"shared.domain", "shared.ports", "shared.log", "shared.adapters"},
    # Use cases know what they need (the ports), never who provides it (the adapters).
    "shared.usecases": {"shared.domain", "shared.ports", "shared.log", "shared.usecases"},
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
    helpers = {"__init__", "caller", "edge", "wiring"}

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
    assert (done.stdout.strip(), done.returncode) == ("10", 0), done.stderr


def test_no_function_imports_cloud_storage_before_it_stores_a_picture():
    code = "import sys, main; print('google.cloud.storage' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "False"


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_modules_are_about_one_noun(path):
    assert len(path.read_text().splitlines()) <= 300
