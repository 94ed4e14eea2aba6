"""The words that others wrote, as one line that holds no parameter, link, mention or markup.

Letters, marks and digits of every script stay; only links and mentions go as a whole. Cleaning
twice changes nothing, because `clean` goes on until nothing changes any more: what one removal
brings together ("h{ttp://"), the next pass sees.
"""

import re
import unicodedata

_WORD_HYPHENS = "-\u2010\u058a\u05be\u1400\u1806\u30a0"
"""Hyphens of words: ASCII, Unicode, Armenian, Hebrew, Canadian, Mongolian, Japanese."""

_OTHER_DASHES = (
    "\u2011\u2012\u2013\u2014\u2015"  # no-break hyphen, figure, en and em dash, horizontal bar
    "\u2e17\u2e1a\u2e3a\u2e3b\u2e40\u2e5d"  # oblique, diaeresis, two- and three-em, double
    "\u301c\u3030\ufe31\ufe32\ufe58\ufe63\uff0d"  # wave dashes, upright and small forms, full width
    "\U00010ead"
    "\u02d7\u2043\u2212\u23af\u2500\u2501\u2796"  # no dashes by category, but they look like one
)
"""Never inside of a word. MidJourney and the devices that type for it read some as `--`."""

_DASHES = re.compile(f"[{re.escape(_WORD_HYPHENS)}{_OTHER_DASHES}]+")

_LINKS = re.compile(
    r"(?<![a-z0-9+.\-])[a-z0-9+.\-]+://\S*"
    r"|(?<![a-z0-9])www\.\S+"
    r"|(?<![a-z0-9])discord(?:app)?\.(?:com|gg)/\S*"
    r"|(?<![\w.+\-])[\w.+\-]+@[\w\-]+(?:\.[\w\-]+)+",
    re.IGNORECASE,
)
"""Web addresses, invitations to Discord, and mail addresses."""

_MENTIONS = re.compile(
    r"<(?:@[!&]?\d+|#\d+|a?:\w+:\d+|t:-?\d+(?::\w)?|/[^<>]+:\d+|id:\w+)>"
    r"|(?<![^\s!-/:-@\[-`{-~])@[^\s!-,/:-@\[-^`{-~]+"
)
"""Discord's: people, roles, channels, custom emoji, times, commands; and `@name`."""

_MARKUP = re.compile(r"::+|://|[{}<>\[\]`@\\|*]")
"""Weights, permutations and Discord's markup. (The proxy finds a prompt between `**` and `**`.)"""

_JOINERS = re.compile("[\u200c\u200d]+")

_JOINED_SCRIPTS = (
    "ARABIC ", "SYRIAC ", "THAANA ", "NKO ", "MANDAIC ", "DEVANAGARI ", "BENGALI ", "GURMUKHI ",
    "GUJARATI ", "ORIYA ", "TAMIL ", "TELUGU ", "KANNADA ", "MALAYALAM ", "SINHALA ", "TIBETAN ",
    "MYANMAR ", "KHMER ", "MONGOLIAN ", "BALINESE ", "JAVANESE ", "SUNDANESE ", "BRAHMI ",
)  # fmt: skip
"""Beginnings of the Unicode names of letters whose shapes a joiner changes, and so the word."""


def clean(text: str) -> str:
    """The text as one line with single spaces, of which nothing is a parameter or a command."""
    while True:
        cleaned = _cleaned_once(text)
        if cleaned == text:
            return cleaned
        text = cleaned


def _cleaned_once(text: str) -> str:
    text = unicodedata.normalize("NFKC", text)
    text = "".join(map(_without_controls, text))
    text = _JOINERS.sub(_joiner_in_word, text)
    for unwanted in (_MENTIONS, _LINKS, _MARKUP):
        text = unwanted.sub(" ", text)
    return " ".join(_DASHES.sub(_hyphen_in_word, text).split())


def _without_controls(character: str) -> str:
    category = unicodedata.category(character)
    if category in {"Cc", "Zl", "Zp"}:
        return " "
    # Bidi controls, soft hyphens, byte order marks, halves of characters, private ones.
    if category in {"Cf", "Cs", "Co"} and not _JOINERS.match(character):
        return ""
    return character


def _joiner_in_word(match: re.Match[str]) -> str:
    """One joiner where two letters of a script that needs it meet; else none."""
    before, after = _around(match)
    return match[0][0] if _takes_joiner(before) and _takes_joiner(after) else ""


def _takes_joiner(character: str) -> bool:
    return unicodedata.category(character)[0] in "LM" and unicodedata.name(
        character, ""
    ).startswith(_JOINED_SCRIPTS)


def _hyphen_in_word(match: re.Match[str]) -> str:
    """A single hyphen between letters or digits stays; all else could begin a parameter."""
    before, after = _around(match)
    inside = unicodedata.category(before)[0] in "LMN" and unicodedata.category(after)[0] in "LN"
    if inside and len(match[0]) == 1 and match[0] in _WORD_HYPHENS + "\u2011":
        return "-" if match[0] in "\u2010\u2011" else match[0]
    return " "


def _around(match: re.Match[str]) -> tuple[str, str]:
    """The characters before and after a match; a space stands for the text's ends."""
    text, start, end = match.string, match.start(), match.end()
    return text[start - 1] if start else " ", text[end] if end < len(text) else " "
