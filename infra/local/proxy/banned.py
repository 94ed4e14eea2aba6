"""The proxy's local list of banned words (contract, section 5: "code 24 on harmless text")."""

import functools
import re
from importlib import resources


@functools.cache
def banned_words() -> tuple[str, ...]:
    """Return the words and phrases of the list, in lower case."""
    text = (resources.files(__package__) / "banned-words.txt").read_text("utf-8")
    lines = (line.strip() for line in text.splitlines())
    return tuple(line for line in lines if line and not line.startswith("#"))


@functools.cache
def _pattern() -> re.Pattern[str]:
    words = "|".join(re.escape(word) for word in banned_words())
    return re.compile(rf"\b(?:{words})\b")


def find_banned_word(prompt_en: str) -> str | None:
    """Return the first banned word of a prompt (as the prompt writes it), or None."""
    found = _pattern().search(prompt_en.lower())
    if found is None:
        return None
    return prompt_en[found.start() : found.end()]
