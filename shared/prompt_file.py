"""Reads the file of configuration of the prompts, and refuses one that could not work.

Whatever is wrong with it is told by file, key and what it should be, when the server starts and
not when the first child asks for a picture.
"""

import re
import tomllib
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic_core import ErrorDetails

from shared.domain.prompts.catalogue import Catalogue, Category, Option
from shared.domain.prompts.cleaning import clean
from shared.domain.prompts.rules import KindRules, Model, PromptRules
from shared.domain.prompts.wording import mended, occurrences

FILE = Path(__file__).with_name("prompts.toml")


class PromptFileError(Exception):
    """The file of configuration is wrong; the message names file, key and what it should be."""


@lru_cache
def read_prompt_rules(
    model: str = "--v 7", file: Path | None = None, banned_words_file: Path | None = None
) -> PromptRules:
    """The rules for a model, chosen by its flag; read once.

    `file` is read in place of the server's own `prompts.toml`. `banned_words_file` is the proxy's
    own list (its `banned-words.txt`: a word or phrase a line; empty lines and those that begin
    with `#` are skipped), which takes the place of the configuration's.

    Raises `PromptFileError`.
    """
    file = file or FILE
    configuration = _configuration(file)
    if model not in configuration.models:
        known = ", ".join(configuration.models)
        raise PromptFileError(f"{file}: models: {model!r} should be one of {known}.")
    banned = configuration.banned_words()
    if banned_words_file is not None:
        banned = _words_of(banned_words_file)
    if unwelcome := list(configuration.unwelcome(banned)):
        raise PromptFileError(f"{file}: {'; '.join(unwelcome)}.")
    return configuration.rules(model, banned)


def _plain(text: str) -> str:
    if not text or clean(text) != text or text != text.strip(" ,;."):
        raise ValueError(
            "should be plain words on one line, without parameters, links or brackets, "
            "and without a comma or dot at its ends"
        )
    return text


def _korean(text: str) -> str:
    if not re.search("[가-힣]", text):
        raise ValueError("should be Korean")
    return text


def _identifier(text: str) -> str:
    if not re.fullmatch("[a-z0-9_]+", text):
        raise ValueError("should be of small letters, digits and _ only")
    return text


def _version(text: str) -> str:
    if not re.fullmatch(r"\d{4}-\d{2}-\d{2}\.\d+", text):
        raise ValueError("should be a date and a number, as in 2026-11-22.1")
    return text


def _flag(text: str) -> str:
    if not re.fullmatch(r"--(?:v|niji) \d+(?:\.\d+)?", text):
        raise ValueError("should be as --v 7 or --niji 6 is")
    return text


def _parameters(text: str) -> str:
    if not re.fullmatch(r"--[a-z]+ [\w.:]+(?: --[a-z]+ [\w.:]+)*", text.replace("{url}", "url")):
        raise ValueError("should be parameters with their values, as in --ar 3:4 --s 50")
    names = re.findall("--([a-z]+)", text)
    if taken := {"v", "niji", "seed", "iw", "no"}.intersection(names):
        raise ValueError(f"should not have --{min(taken)}, which is written by the server")
    if len(set(names)) < len(names):
        raise ValueError("should not have a parameter twice")
    return text


def _without_url(text: str) -> str:
    if "{" in text:
        raise ValueError("should not have {url}: it has no reference")
    return text


def _with_url(text: str) -> str:
    if "{url}" not in text:
        raise ValueError("should have {url}, as in --sref {url} --sw 150")
    return text


Plain = Annotated[str, AfterValidator(_plain)]
Lower = Annotated[Plain, AfterValidator(str.lower)]
Korean = Annotated[Plain, AfterValidator(_korean)]
Identifier = Annotated[str, AfterValidator(_identifier)]
Parameters = Annotated[str, AfterValidator(_parameters), AfterValidator(_without_url)]
Reference = Annotated[str, AfterValidator(_parameters), AfterValidator(_with_url)]


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class _Option(_Table):
    id: Identifier
    en: Plain
    ko: Korean
    prompt: Plain


class _Category(_Table):
    id: Identifier
    en: Plain
    ko: Korean
    exclusive: bool = True
    most: int | None = Field(None, ge=2)
    options: list[_Option] = Field(min_length=1)

    @model_validator(mode="after")
    def _limit_makes_sense(self) -> Self:
        if self.exclusive and self.most is not None:
            raise ValueError("should have exclusive = false if it has a most")
        return self


class _Kind(_Table):
    lead: Plain
    frame: Plain
    drawing: Plain
    parameters: Parameters
    leave_out: Plain | None = None


class _Kinds(_Table):
    character: _Kind
    background: _Kind


class _Model(_Table):
    image_weight: float = Field(ge=0, le=3)
    same_hero: Reference
    character: Reference
    background: Reference
    knows_no: bool = True


class _Configuration(_Table):
    """The file."""

    version: Annotated[str, AfterValidator(_version)]
    style: Plain
    most_characters: int = Field(ge=100, le=4000)
    kinds: _Kinds
    models: dict[Annotated[str, AfterValidator(_flag)], _Model] = Field(min_length=1)
    categories: list[_Category]
    gentle: dict[Lower, Plain]
    banned: dict[str, list[Lower]]

    @model_validator(mode="after")
    def _ids_are_unique(self) -> Self:
        ids = [category.id for category in self.categories]
        ids += [option.id for category in self.categories for option in category.options]
        if twice := [name for name, number in Counter(ids).items() if number > 1]:
            raise ValueError(f"categories: each id should be there once, not {', '.join(twice)}")
        return self

    def banned_words(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(word for words in self.banned.values() for word in words))

    def unwelcome(self, banned: Sequence[str]) -> Iterator[str]:
        """What the server itself would write that is banned or has to be mended, each a fault."""
        for key, text in self._own_words():
            for start, end in occurrences(banned, text):
                yield f"{key}: should be other words, the proxy refuses {text[start:end]!r}"
        gentle = tuple(self.gentle.items())
        for word, replacement in gentle:
            if mended(replacement, gentle) != replacement:
                yield f"gentle.{word!r}: should not hold a word that is itself mended"

    def _own_words(self) -> Iterator[tuple[str, str]]:
        yield "style", self.style
        for name, kind in (
            ("character", self.kinds.character),
            ("background", self.kinds.background),
        ):
            for field in ("lead", "frame", "drawing", "parameters", "leave_out"):
                yield f"kinds.{name}.{field}", getattr(kind, field) or ""
        for category in self.categories:
            for option in category.options:
                yield f"categories.{category.id}.{option.id}.prompt", option.prompt
        for word, replacement in self.gentle.items():
            yield f"gentle.{word!r}", replacement

    def rules(self, model: str, banned: tuple[str, ...]) -> PromptRules:
        return PromptRules(
            version=self.version,
            model=Model(flag=model, **dict(self.models[model])),
            style=self.style,
            most_characters=self.most_characters,
            character=_kind_rules(self.kinds.character),
            background=_kind_rules(self.kinds.background),
            catalogue=Catalogue(categories=tuple(map(_category, self.categories))),
            gentle=tuple(self.gentle.items()),
            banned=banned,
        )


def _kind_rules(kind: _Kind) -> KindRules:
    return KindRules(**{**dict(kind), "leave_out": kind.leave_out or ""})


def _category(category: _Category) -> Category:
    options = tuple(Option(**dict(option)) for option in category.options)
    return Category(**{**dict(category), "options": options})


def _configuration(file: Path) -> _Configuration:
    try:
        content = tomllib.loads(_text_of(file))
    except tomllib.TOMLDecodeError as error:
        raise PromptFileError(f"{file}: should be TOML: {error}.") from None
    try:
        return _Configuration.model_validate(content)
    except ValidationError as error:
        wrong = "; ".join(_in_words(details, content) for details in error.errors())
        raise PromptFileError(f"{file}: {wrong}.") from None


def _words_of(file: Path) -> tuple[str, ...]:
    lines = (line.strip().lower() for line in _text_of(file).splitlines())
    return tuple(dict.fromkeys(line for line in lines if line and not line.startswith("#")))


def _text_of(file: Path) -> str:
    try:
        return file.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise PromptFileError(f"{file}: should be a file of UTF-8 text: {error}.") from None


def _in_words(error: ErrorDetails, content: Any) -> str:
    key = _key(error["loc"], content)
    match error["type"]:
        case "missing":
            said = "is missing"
        case "extra_forbidden":
            said = "is not a key that there is"
        case "value_error":
            said = str(error["ctx"]["error"])
        case _:
            said = error["msg"].replace("Input should", "should")
    return f"{key}: {said}" if key else said


def _key(places: Sequence[str | int], content: Any) -> str:
    """Where in the file it is, with an id in the place of a number where there is one."""
    names: list[str] = []
    for place in places:
        if place == "[key]":
            continue
        try:
            content = content[place]
        except (KeyError, IndexError, TypeError):
            content = None
        named = content.get("id") if isinstance(place, int) and isinstance(content, dict) else None
        names.append(str(named or place))
    return ".".join(names)
