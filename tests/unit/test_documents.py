"""The README and docs/: what a reader follows or is shown is there."""

import re
from pathlib import Path

import pytest

import main
from functions.api.openapi.operations import OPERATIONS
from infra.local import up

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
README = PAGES[0].read_text()


def names(pages: list[Path]) -> list[str]:
    return [page.name for page in pages]


def headings(page: Path) -> set[str]:
    """The anchors of a page's headings, as code hosts make them."""
    text = re.sub(r"^```.*?^```", "", page.read_text(), flags=re.MULTILINE | re.DOTALL)
    lines = re.findall(r"^#+ (.+)$", text, flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", line.lower()).replace(" ", "-") for line in lines}


@pytest.mark.parametrize("page", PAGES, ids=names(PAGES))
def test_every_link_leads_somewhere(page):
    for target in re.findall(r"\]\(([^)]+)\)", page.read_text()):
        if target.startswith("http"):
            continue
        path, _, anchor = target.partition("#")
        there = page.parent / path if path else page
        assert there.exists(), target
        if anchor:
            assert anchor in headings(there), target


@pytest.mark.parametrize("page", PAGES, ids=names(PAGES))
def test_no_statement_of_a_diagram_is_cut_in_two(page):
    # Mermaid ends a statement at a semicolon, and shows an error in place of the diagram.
    for diagram in re.findall(r"^```mermaid\n(.*?)^```", page.read_text(), re.MULTILINE | re.S):
        assert [line for line in diagram.splitlines() if ";" in line] == []


def test_the_readme_has_each_function_for_clients_once():
    table = README.partition("\n## The API\n")[2].partition("\n\n")[0]
    listed = re.findall(r"\[(\w+)\]\(docs/api\.md#\1\)", table)
    assert sorted(listed) == sorted(operation.name for operation in OPERATIONS)


def test_up_prints_a_call_of_each_function_that_a_person_can_call():
    # What callback and notify take is made and signed by the server alone.
    assert {title.split()[0] for title in up._CURLS} == {*main.__all__} - {"callback", "notify"}
