"""What each function may do is what its code does: read off the code, function by function.

From an entry point on, every name that stands for a function of ours is followed; what is looked
for is which methods of which port that can reach. A branch that is never taken counts, too: better
a right too much than a picture that fails for want of one.
"""

import ast
import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from infra.local.stack_options import ROOT

FUNCTIONS = json.loads((ROOT / "infra" / "functions.json").read_text())

STEPS = {"enqueue:steps", "enqueue:post-processing"}  # as the image's next step may be to store
NEEDS = {
    ("store", "commit"): {"store.write"},
    ("queue", "schedule"): STEPS,
    ("queue", "schedule_alarm"): STEPS,
    ("queue", "ring"): STEPS,
    ("queue", "call_off"): {"callOff:steps"},
    ("queue", "call_back"): {"enqueue:callbacks"},
    ("queue", "ask_admission"): {"enqueue:admission"},
    ("picture_store", "put"): {"pictures.write"},
    ("queue", "ping"): {"queues.read"},
    ("picture_store", "remove"): {"pictures.write"},
    ("picture_store", "read"): {"pictures.read"},
    ("picture_store", "ping"): {"pictures.read"},
}
"""By port and method; any other method of the store reads."""
SECRETS = {
    "painter": "MIDJOURNEY_PROXY_SECRET",
    "hooks": "NOTIFY_SECRET",
    "notified": "NOTIFY_SECRET",  # of the policy: whether alarms stand behind notifications
    "callback_sender": "CALLBACK_SECRET",
    "callback_secret": "CALLBACK_SECRET",
}
"""By the attribute that is used."""

STORING = {"store_picture", "_remove_if_deleted", "_remove_leftovers"}
"""What a step does for an image that is to be stored: tasks of the queue `post-processing` alone
come to that, and those call `postprocess`."""

INSTEAD = {
    # What news say is parsed without asking the painter.
    ("notify", "MIDJOURNEY_PROXY_SECRET"),
}
"""What the code seems to need and does not."""


@cache
def parsed(module: str) -> tuple[dict[str, ast.AST], dict[str, tuple[str, str | None]]]:
    """A module's functions, and what its names stand for: module, and name in it."""
    path = ROOT / Path(*module.split("."))
    file = path.with_suffix(".py") if path.with_suffix(".py").is_file() else path / "__init__.py"
    tree = ast.parse(file.read_text())
    functions: dict[str, ast.AST] = {}
    names: dict[str, tuple[str, str | None]] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module and is_ours(node.module):
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                is_module = (ROOT / Path(*inner.split("."))).with_suffix(".py").is_file()
                found = (inner, None) if is_module else (node.module, alias.name)
                names[alias.asname or alias.name] = found
    for node in tree.body:
        if isinstance(node, ast.FunctionDef):
            functions[node.name] = node
            names[node.name] = (module, node.name)
    return functions, names


def is_ours(module: str) -> bool:
    """Whether what is in a module can use a port: use cases and the functions themselves."""
    return module.startswith(("functions.", "shared.usecases")) and module != "functions.wiring"


def reached(entry: str) -> set[tuple[str, str]]:
    """Every function that can be reached from an entry point, as module and name."""
    found: set[tuple[str, str]] = set()
    left = [(f"functions.{entry}", entry)]
    while left:
        module, name = left.pop()
        if (module, name) in found or name not in parsed(module)[0]:
            continue
        if name in STORING and entry != "postprocess":
            continue
        found.add((module, name))
        left += followed(module, parsed(module)[0][name])
    return found


def followed(module: str, function: ast.AST) -> Iterator[tuple[str, str]]:
    names = parsed(module)[1]
    for node in ast.walk(function):
        if isinstance(node, ast.Name) and node.id in names:
            target, name = names[node.id]
            if name is not None:
                yield target, name
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            target, name = names.get(node.value.id, ("", ""))
            if name is None:
                yield target, node.attr


def used(function: ast.AST) -> Iterator[tuple[str, str]]:
    """Attributes that are used, each with the one that it is used of: `store` and `commit`."""
    aliases = {}
    for node in ast.walk(function):
        if isinstance(node, ast.Assign):
            target = node.targets[0]
            pairs = (
                zip(target.elts, node.value.elts, strict=True)
                if isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple)
                else [(target, node.value)]
            )
            for left, right in pairs:
                if isinstance(left, ast.Name) and isinstance(right, ast.Attribute):
                    aliases[left.id] = right.attr
    for node in ast.walk(function):
        if isinstance(node, ast.Attribute):
            of = node.value
            if isinstance(of, ast.Attribute):
                yield of.attr, node.attr
            elif isinstance(of, ast.Name):
                yield aliases.get(of.id, of.id), node.attr


def needs_of(entry: str) -> tuple[set[str], set[str]]:
    """What a function needs, and which secrets."""
    needs, secrets = set(), set()
    for module, name in reached(entry):
        for of, attribute in used(parsed(module)[0][name]):
            needs |= NEEDS.get((of, attribute), {"store.read"} if of == "store" else set())
            secrets |= {SECRETS[one] for one in (of, attribute) if one in SECRETS}
    # Who may write may read.
    for kind in ("store", "pictures"):
        if f"{kind}.write" in needs:
            needs.discard(f"{kind}.read")
    return needs, {one for one in secrets if (entry, one) not in INSTEAD}


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_the_table_says_what_the_code_does(name):
    needs, secrets = needs_of(name)
    assert set(FUNCTIONS[name]["needs"]) - {"traces"} == needs
    assert set(FUNCTIONS[name]["secrets"]) == secrets


def test_the_reading_follows_what_is_handed_on_as_a_value():
    # `begin_all` hands `begin` to threads, `sweep` hands the queue's method to a loop.
    assert ("shared.usecases.carrying_out", "begin") in reached("admit")
    assert "enqueue:steps" in needs_of("sweep")[0]


def test_who_tells_nothing_of_a_book_needs_nothing():
    assert needs_of("styles") == (set(), set())
