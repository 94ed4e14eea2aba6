"""What a prompt's words ask the painter for."""

import itertools
import re
from dataclasses import dataclass

from infra.local.proxy.painting.colours import NAMED, Colour, lighter
from infra.local.proxy.painting.vocabulary import (
    FIGURE_MARKERS,
    ITEMS,
    KOREAN,
    PARTS,
    PEOPLE,
    PLACE_MARKERS,
    PLACES,
    SPECIES,
)

#: Words before "background" that say that nothing is to be seen there.
_PLAIN = (
    "plain", "simple", "solid", "neutral", "clean", "empty", "blank", "flat", "pure", "isolated",
    "transparent", "studio", "no", "single", "one", "coloured", "colored", "colour", "color",
    "tinted", "uniform", "pastel", "soft", "light", "pale", "muted", "warm", "cool", "bright",
    "off",
)  # fmt: skip
#: Those of them that make a named colour a pale one.
_PALE = frozenset(("pastel", "soft", "light", "pale", "muted", "off"))

_GROUNDS: dict[str, Colour] = NAMED | {
    "peach": (246, 190, 150), "mint": (150, 210, 180), "lilac": NAMED["lavender"],
    "ivory": NAMED["cream"],
}  # fmt: skip

_TONES = "|".join(sorted((*_PLAIN, *_GROUNDS)))
_PLAIN_GROUND = re.compile(
    r"\b(?:(?:on|with|against|over|in front of)\s+)?(?:(?:a|an|the)\s+)?"
    rf"(?P<tone>(?:(?:{_TONES})[\s,-]+)+)(?:background|backdrop|ground)\b"
)

#: What is not wanted in the picture: those who are named there are not to be painted.
_BEINGS = r"people|person|characters?|figures?|humans?|persons|animals?|creatures?|anyone|anybody"
_UNWANTED = rf"(?:{_BEINGS}|text|texts|words?|letters?|lettering|writing|watermarks?|signatures?)"
_NEGATED = re.compile(
    rf"\b(?:no|without(?:\s+any)?|free\s+of|not\s+any)\s+(?:(?:other|more|extra|visible)\s+)?"
    rf"{_UNWANTED}\b(?:\s*(?:,\s*(?:and|or|no)?|\band|\bor|\bno)\s*(?:no\s+)?{_UNWANTED}\b)*"
)
_NOBODY = re.compile(rf"(?<!other )(?<!more )(?<!extra )\b(?:{_BEINGS})\b")
#: A style, not a thing to be held.
_BOOK_STYLE = re.compile(r"\b(?:picture|story)[ -]?books?\b")
_WORD = re.compile(r"[a-z]+")


@dataclass(frozen=True, kw_only=True)
class Brief:
    """The picture that is wanted, in the painter's own vocabulary."""

    kind: str  #: "figure" or "landscape"
    species: str = "person"  #: for a figure: "person" or one of the species
    traits: frozenset[str] = frozenset()  #: for a person: female, male, grown, old, gown, ...
    items: frozenset[str] = frozenset()  #: what is worn or carried
    places: frozenset[str] = frozenset()  #: for a landscape: its elements
    colours: tuple[tuple[str, Colour], ...] = ()  #: part of the picture -> the colour it is given
    mood: tuple[Colour, ...] = ()  #: colours that are named without a part
    ground: Colour | None = None  #: of a plain ground whose colour is named

    def colour(self, *parts: str) -> Colour | None:
        """Return the colour that the prompt gives to the first of these parts that has one."""
        known = dict(self.colours)
        return next((known[part] for part in parts if part in known), None)


def read_brief(text: str, *, wide: bool = False) -> Brief:
    """Return what the words of a prompt (without URLs and parameters) ask for.

    `wide` says that the picture is broader than high, which speaks for a landscape.
    """
    english = _in_english(text.lower())
    plain = _NEGATED.sub(" ", _PLAIN_GROUND.sub(" ", english))
    nobody = any(_NOBODY.search(found[0]) for found in _NEGATED.finditer(english))
    words = _WORD.findall(_BOOK_STYLE.sub(" ", plain))
    singular = [_singular(word) for word in words]
    colours, mood = _colours(words)
    places = frozenset(" ".join(PLACES[word] for word in words if word in PLACES).split())
    if _is_landscape(plain, words, singular, places, wide=wide, nobody=nobody):
        return Brief(kind="landscape", places=places, colours=colours, mood=mood)
    species = next((SPECIES[word] for word in singular if word in SPECIES), "person")
    person = next((word for word in singular if word in PEOPLE), None)
    if person is not None and species != "person" and _comes_first(singular, person):
        species = "person"
    traits = frozenset[str]().union(*(PEOPLE[word] for word in singular if word in PEOPLE))
    if species != "person":
        traits &= {"crown", "cape", "pointed_hat", "glasses", "wand", "sword", "wings", "hood"}
    items = {ITEMS[word] for word in words if word in ITEMS}
    items |= traits - {"female", "male", "grown", "old", "gown"}
    return Brief(
        kind="figure",
        species=species,
        traits=traits | ({"old"} if "old" in words else set()),
        items=frozenset(items),
        colours=colours,
        mood=mood,
        ground=_ground_of(english),
    )


def _ground_of(text: str) -> Colour | None:
    """Return the colour of the plain ground that the words ask for, None if they leave it open."""
    found = _PLAIN_GROUND.search(text)
    words = _WORD.findall(found["tone"]) if found else []
    named = next((_GROUNDS[word] for word in reversed(words) if word in _GROUNDS), None)
    if named is None:
        return None
    return lighter(named, 0.62 if _PALE & {*words} else 0.42)


def _in_english(text: str) -> str:
    """Put English words in place of the known Korean ones."""
    if text.isascii():
        return text
    return text + " " + " ".join(english for stem, english in KOREAN.items() if stem in text)


def _singular(word: str) -> str:
    if word in SPECIES or word in PEOPLE or not word.endswith("s"):
        return word
    return word[:-1]


def _comes_first(words: list[str], person: str) -> bool:
    """Say whether a person is named before any animal, so that the animal is a companion."""
    first_animal = min(words.index(word) for word in words if word in SPECIES)
    return words.index(person) < first_animal and person not in ("character", "person", "hood")


def _is_landscape(
    text: str,
    words: list[str],
    singular: list[str],
    places: frozenset[str],
    *,
    wide: bool,
    nobody: bool,
) -> bool:
    place = 1.0 * len(places) + 3.0 * sum(1 for word in words if word in PLACE_MARKERS)
    place += 2.0 if nobody else 0.0
    place += 1.5 if wide else 0.0
    known = [word for word in singular if word in SPECIES or (word in PEOPLE and not nobody)]
    figure = 2.5 * min(len(known), 2) + 3.0 * sum(1 for mark in FIGURE_MARKERS if mark in text)
    return place > figure


def _colours(words: list[str]) -> tuple[tuple[tuple[str, Colour], ...], tuple[Colour, ...]]:
    """Return the colour of each part that has one, and the colours without a part."""
    parts: dict[str, Colour] = {}
    mood: list[Colour] = []
    for index, word in enumerate(words):
        if word not in NAMED:
            continue
        following = itertools.takewhile(lambda w: w not in NAMED, words[index + 1 : index + 4])
        part = next((PARTS[after] for after in following if after in PARTS), None)
        if part is None:
            mood.append(NAMED[word])
        else:
            parts.setdefault(part, NAMED[word])
    return tuple(parts.items()), tuple(mood)
