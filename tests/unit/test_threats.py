"""The page of threats: every test that it names exists."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "threats.md").read_text()
NAMED = sorted(set(re.findall(r"([a-z0-9_]+/test_[a-z0-9_]+\.py)::(test_[a-z0-9_]+)", PAGE)))


def test_the_page_names_tests():
    assert len(NAMED) >= 30
    assert PAGE.count("::test_") == len(re.findall(r"/test_[a-z0-9_]+\.py::test_", PAGE))


@pytest.mark.parametrize(("path", "name"), NAMED, ids=[name for _, name in NAMED])
def test_every_test_that_is_named_exists(path, name):
    tree = ast.parse((ROOT / "tests" / path).read_text())

    assert name in {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
