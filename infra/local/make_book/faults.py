"""A refusal in plain words: which part of the tale is meant, and what to do about it."""

from collections.abc import Mapping
from typing import Any

from infra.local.client import Refused

_SINGULAR = {"characters": "character", "backgrounds": "background"}


def explained(refused: Refused, body: Mapping[str, Any], has_token: bool) -> list[str]:
    """Return the lines to print: the problem, then one for each fault with its JSON pointer."""
    lines = [f"The server refused it: {_headline(refused)}"]
    faults = refused.problem.get("errors")
    for fault in faults if isinstance(faults, list) else []:
        pointer, detail = str(fault.get("pointer", "")), str(fault.get("detail", ""))
        lines.append(f"  {pointer or '(the whole tale)'}: {_sentence(pointer, detail, body)}")
    if refused.status in (401, 403):
        told = "does not take the token in" if has_token else "wants to know who calls: set"
        lines.append(f"It {told} FAIRY_TALE_TOKEN.")
    if refused.status == 404 and not refused.problem:
        lines.append("Are the functions there? --url takes the address before /generate.")
    return lines


def in_words(pointer: str, body: Mapping[str, Any]) -> str:
    """`/characters/1/prompt` is `the prompt of character 2 ("Ember")`; "" is `the tale`."""
    part: Any = body
    words = ""
    before = ""
    for token in (t.replace("~1", "/").replace("~0", "~") for t in pointer.split("/")[1:]):
        part = _inside(part, token)
        if _is_index(token) and before:
            name = part.get("name") if isinstance(part, Mapping) else None
            quoted = f' ("{name}")' if isinstance(name, str) and name.strip() else ""
            if before in _SINGULAR:
                words = f"{_SINGULAR[before]} {int(token) + 1}{quoted}"
            else:
                words = f"item {int(token) + 1} of {words}"
        else:
            words = f"the {token} of {words}" if words else f"the {token}"
        before = token
    return words or "the tale"


def _headline(refused: Refused) -> str:
    if isinstance(refused.problem.get("errors"), list) and refused.problem["errors"]:
        return f"{refused.code}, HTTP {refused.status}."
    return str(refused)


def _sentence(pointer: str, detail: str, body: Mapping[str, Any]) -> str:
    words = in_words(pointer, body)
    if pointer and detail.startswith(pointer):
        return f"{words}{detail.removeprefix(pointer)}"
    return f"{words}: {detail}"


def _inside(part: Any, token: str) -> Any:
    if isinstance(part, list) and _is_index(token) and int(token) < len(part):
        return part[int(token)]
    return part.get(token) if isinstance(part, Mapping) else None


def _is_index(token: str) -> bool:
    return token.isascii() and token.isdigit()
