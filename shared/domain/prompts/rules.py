"""What is put around a child's words: the content of the file of configuration, as values.

The defaults are the plainest rules that make a prompt: no style, no options, no banned words.
The server's rules are those of `shared/prompts.toml`.
"""

from dataclasses import dataclass, field
from enum import StrEnum

from shared.domain.image import Image, Kind
from shared.domain.prompts.catalogue import Catalogue


class Relation(StrEnum):
    """What a picture is to the main picture, after which it is painted."""

    SAME_HERO = "same_hero"
    """The main character once more, in another pose."""
    CHARACTER = "character"
    BACKGROUND = "background"

    @classmethod
    def of(cls, image: Image) -> "Relation":
        """The relation of an image to its book's reference."""
        if image.kind is Kind.BACKGROUND:
            return cls.BACKGROUND
        return cls.SAME_HERO if image.same_as_reference else cls.CHARACTER


@dataclass(frozen=True, kw_only=True)
class KindRules:
    """What all pictures of a kind have in common."""

    lead: str = ""
    """What is to be seen; stands before the child's words."""
    frame: str = ""
    """Where it stands; after the child's words and options."""
    drawing: str = ""
    """Stands in for the words when a drawing is all that there is."""
    parameters: str = ""
    """Such as `--ar 3:4 --s 50`."""
    leave_out: str = ""
    """What must not be seen, with commas: the value of `--no`, where the model knows that."""


@dataclass(frozen=True, kw_only=True)
class Model:
    """A version of MidJourney, and how it takes other pictures."""

    flag: str = "--v 7"
    """Always written: unpinned prompts change look when MidJourney moves its default."""
    knows_no: bool = True
    """Whether it knows `--no`."""
    image_weight: float = 2
    """`--iw`, 0..3: how much a child's drawing counts."""
    same_hero: str = "--oref {url}"
    """Parameters by which a picture takes over who is in the main one; `{url}` is filled in."""
    character: str = "--sref {url}"
    """Parameters by which another character takes over the style."""
    background: str = "--sref {url}"

    def reference(self, relation: Relation, url: str) -> str:
        """The parameters of a picture that is painted after the one at `url`."""
        templates = {
            Relation.SAME_HERO: self.same_hero,
            Relation.CHARACTER: self.character,
            Relation.BACKGROUND: self.background,
        }
        return templates[relation].replace("{url}", url)


@dataclass(frozen=True, kw_only=True)
class PromptRules:
    """Everything that a prompt is built by, for one model."""

    version: str = ""
    """Of the file of configuration; recorded with every IMAGINE."""
    model: Model = field(default_factory=Model)
    style: str = ""
    """The look of the whole book; after all content, before the parameters."""
    most_characters: int = 1500
    """Of the words; longer ones are cut at the end of a word."""
    character: KindRules = field(default_factory=KindRules)
    background: KindRules = field(default_factory=KindRules)
    catalogue: Catalogue = field(default_factory=Catalogue)
    gentle: tuple[tuple[str, str], ...] = ()
    """A word or phrase in lower case, and the one that is written in its place."""
    banned: tuple[str, ...] = ()
    """Words and phrases in lower case with which the proxy refuses a prompt."""

    def of_kind(self, kind: Kind) -> KindRules:
        """The rules of a kind of picture."""
        return self.character if kind is Kind.CHARACTER else self.background
