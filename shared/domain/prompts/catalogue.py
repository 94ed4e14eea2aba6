"""The catalogue of looks: what a child can pick for a hero, by category."""

import difflib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, kw_only=True)
class Option:
    """One thing to pick."""

    id: str
    en: str
    """What it is called in English."""
    ko: str
    """What it is called in Korean."""
    prompt: str
    """The words that it adds to a prompt."""


@dataclass(frozen=True, kw_only=True)
class Category:
    """Options of one sort."""

    id: str
    en: str
    ko: str
    exclusive: bool = True
    """Whether one option at most can be picked."""
    most: int | None = None
    """How many can be picked where more than one can; None: as many as there are."""
    options: tuple[Option, ...] = ()

    @property
    def limit(self) -> int:
        """How many options can be picked."""
        return 1 if self.exclusive else self.most or len(self.options)


@dataclass(frozen=True, kw_only=True)
class OptionFault:
    """What is wrong with one of the options that were chosen."""

    index: int
    """Its place among them, from 0."""
    code: Literal["unknown_option", "conflicting_options", "repeated_option"]
    detail: str
    """A sentence that names the ids and says what to do."""


@dataclass(frozen=True, kw_only=True)
class Catalogue:
    """All categories, in the order in which their words stand in a prompt."""

    categories: tuple[Category, ...] = ()

    def words(self, option_ids: Sequence[str]) -> str:
        """The prompt text of the options, in the catalogue's order.

        Ids that it does not know add nothing: an old picture may be painted again by newer rules.
        """
        return ", ".join(option.prompt for _, option in self._all() if option.id in option_ids)

    def faults(self, option_ids: Sequence[str]) -> list[OptionFault]:
        """What is wrong with a choice of options, in its order; nothing if it is fine."""
        categories = {option.id: category for category, option in self._all()}
        picked: dict[str, list[str]] = {}
        faults = []
        for index, option_id in enumerate(option_ids):
            if option_id not in categories:
                faults.append(self._unknown(index, option_id))
                continue
            category = categories[option_id]
            earlier = picked.setdefault(category.id, [])
            if option_id in earlier:
                faults.append(_repeated(index, option_id))
            elif len(earlier) >= category.limit:
                faults.append(_conflicting(index, option_id, earlier, category))
            else:
                earlier.append(option_id)
        return faults

    def _all(self) -> Iterator[tuple[Category, Option]]:
        for category in self.categories:
            for option in category.options:
                yield category, option

    def _unknown(self, index: int, option_id: str) -> OptionFault:
        known = [option.id for _, option in self._all()]
        close = _closest(option_id, known)
        hint = f" Did you mean {close}?" if close else ""
        detail = f"There is no option {_shown(option_id)}.{hint} The styles list all ids."
        return OptionFault(index=index, code="unknown_option", detail=detail)


def _repeated(index: int, option_id: str) -> OptionFault:
    detail = f"The option {option_id} is chosen twice. Leave one of the two out."
    return OptionFault(index=index, code="repeated_option", detail=detail)


def _conflicting(
    index: int, option_id: str, earlier: Sequence[str], category: Category
) -> OptionFault:
    if category.exclusive:
        detail = (
            f"{earlier[0]} and {option_id} are both of {category.id}, "
            "of which one can be chosen. Leave one of the two out."
        )
    else:
        detail = (
            f"{option_id} is one too many of {category.id}, of which {category.limit} can be "
            f"chosen. Leave it out, or one of {', '.join(earlier)}."
        )
    return OptionFault(index=index, code="conflicting_options", detail=detail)


_LONGEST_SHOWN = 40


def _shown(option_id: str) -> str:
    """What a client sent, in quotes and of bearable length."""
    short = option_id if len(option_id) <= _LONGEST_SHOWN else f"{option_id[:_LONGEST_SHOWN]}…"
    return f'"{short}"'


def _closest(option_id: str, known: Sequence[str]) -> str | None:
    """The known id that was probably meant: a few letters away, or written another way."""
    meant = option_id[:_LONGEST_SHOWN].strip().lower().replace("-", "_").replace(" ", "_")
    return next(iter(difflib.get_close_matches(meant, known, n=1, cutoff=0.75)), None)
