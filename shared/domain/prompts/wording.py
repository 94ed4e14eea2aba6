"""The words of a prompt: cleaned, gently mended, of a fair length, and looked through for bans.

The proxy refuses a prompt (code 24) if a word or phrase of its list occurs in it as a whole word,
in lower case (contract, sections 0 and 5). It is looked for here with the same rule, before
anything is paid.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence

from shared.domain.prompts.cleaning import clean
from shared.domain.prompts.rules import PromptRules

MOST_LOOKED_AT = 10_000
"""Characters of a text that are cleaned: one letter may stand for eighteen (U+FDFA), and a request
of nothing else would keep an instance busy."""


def wording(text: str, rules: PromptRules) -> str:
    """The words as they go into a prompt; empty if they say nothing ("..., !")."""
    text = unicodedata.normalize("NFKC", text)[:MOST_LOOKED_AT]
    # Cleaned again, because an accent may now stand after another letter.
    mild = clean(mended(clean(text), rules.gentle))
    words = shortened(mild, rules.most_characters)
    # Letters, digits and symbols (an emoji does say something).
    return words if any(unicodedata.category(letter)[0] in "LNS" for letter in words) else ""


def banned_in(text: str, rules: PromptRules) -> tuple[str, ...]:
    """The banned words of a text that gentle mending can't help, as written, each once."""
    words = wording(text, rules)
    found = (words[start:end] for start, end in occurrences(rules.banned, words))
    return tuple({word.lower(): word for word in found}.values())


def harmless(text: str, rules: PromptRules) -> str:
    """The words without those that are banned: for a text that no child wrote or can mend."""
    words = wording(text, rules)
    while found := list(occurrences(rules.banned, words)):
        for start, end in reversed(found):
            words = words[:start] + " " + words[end:]
        words = wording(words, rules)
    return words


def mended(text: str, gentle: Sequence[tuple[str, str]]) -> str:
    """The text with gentle words for those that a proxy or MidJourney refuses."""
    replacements = dict(gentle)
    for start, end in reversed(list(occurrences(list(replacements), text))):
        written = text[start:end]
        word = replacements[_lowered(written)]
        if written[0].isupper():
            word = word[0].upper() + word[1:]
        text = text[:start] + word + text[end:]
    return text


def occurrences(words: Sequence[str], text: str) -> Iterator[tuple[int, int]]:
    """Where words or phrases (in lower case) stand in a text as whole words: start and end.

    The longest first where several begin at the same place.
    """
    if not words:
        return
    longest_first = sorted(words, key=len, reverse=True)
    pattern = re.compile(rf"\b(?:{'|'.join(map(re.escape, longest_first))})\b")
    # Some letters are longer in lower case ("İ"), so places have to be translated back.
    places = [place for place, letter in enumerate(text) for _ in letter.lower()]
    for found in pattern.finditer(_lowered(text)):
        yield places[found.start()], places[found.end() - 1] + 1


def _lowered(text: str) -> str:
    """In lower case letter by letter (Greek has a form of its own for the end of a word)."""
    return "".join(letter.lower() for letter in text)


def shortened(text: str, most: int) -> str:
    """The beginning of a cleaned text: whole words, together at most so many characters.

    A word that is too long all by itself is cut, before a letter and not before its accents.
    """
    if len(text) <= most:
        return text
    word = text.rfind(" ", 0, most + 1) + 1
    following = text.find(" ", word)
    length = (len(text) if following < 0 else following) - word
    return clean(text[: _letter_end(text, most) if length > most else word])


def _letter_end(text: str, end: int) -> int:
    """The last place up to `end` at which a letter with all its marks ends."""
    place = end
    while place and unicodedata.category(text[place]) in {"Mn", "Mc", "Me", "Cf"}:
        place -= 1
    return place or end
