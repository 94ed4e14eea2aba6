"""What clients say about looks: options and words, checked against the prompt rules."""

from collections.abc import Sequence

from functions.api.parsing import invalid
from functions.api.problems import Fault
from functions.api.requests import CharacterModel, GenerateModel, RegenerateModel
from shared.domain.prompts import PromptRules, banned_in, wording


def options_of(body: GenerateModel, character: CharacterModel) -> tuple[str, ...]:
    """A character's own options; the main one's also stand beside the characters."""
    return (*(body.option_ids if character.is_main else ()), *character.option_ids)


def look_faults(body: GenerateModel, rules: PromptRules) -> list[Fault]:
    """Everything wrong with a book's words, options and likenesses."""
    faults = []
    main = next((c for c in body.characters if c.is_main), None)
    for index, character in enumerate(body.characters):
        where = f"/characters/{index}"
        own = len(body.option_ids) if character.is_main else 0
        faults += option_faults(options_of(body, character), rules, where, own)
        faults += word_faults(character.prompt, rules, f"{where}/prompt")
        sketched = character.sketch_image or (character.is_main and body.sketch_image)
        if not (character.prompt or options_of(body, character) or sketched):
            detail = f"{where} says nothing of its looks: send prompt, optionIds or sketchImage."
            faults.append(Fault(code="missing_field", detail=detail, pointer=f"{where}/prompt"))
        if character.same_as is not None and main is not None:
            faults += _likeness_faults(character, main, where)
    for index, background in enumerate(body.backgrounds):
        faults += word_faults(background.prompt, rules, f"/backgrounds/{index}/prompt")
    return faults


def option_faults(
    option_ids: Sequence[str], rules: PromptRules, where: str, outside: int = 0
) -> list[Fault]:
    """What the catalogue has against a choice; its first `outside` ids came in the body itself."""
    return [
        Fault(
            code=fault.code,
            detail=fault.detail,
            pointer=f"/optionIds/{fault.index}"
            if fault.index < outside
            else f"{where}/optionIds/{fault.index - outside}",
        )
        for fault in rules.catalogue.faults(option_ids)
    ]


def word_faults(words: str | None, rules: PromptRules, pointer: str) -> list[Fault]:
    """The words that the painter would not take, before anything is paid or queued."""
    if words is not None and not wording(words, rules):
        detail = f"{pointer} is empty but for signs; write something."
        return [Fault(code="empty_field", detail=detail, pointer=pointer)]
    banned = banned_in(words, rules) if words else ()
    if not banned:
        return []
    named = " and ".join(f"“{word}”" for word in banned)
    detail = f"{pointer}: the painter does not take {named}. Say it with other words."
    return [Fault(code="banned_word", detail=detail, pointer=pointer)]


def check_wish(body: RegenerateModel, rules: PromptRules) -> None:
    """The rules of a regeneration that concern looks. Raises `Problem` 422."""
    faults = word_faults(body.prompt, rules, "/prompt")
    faults += option_faults(body.option_ids or (), rules, "")
    if body.candidate is not None and (body.prompt is not None or body.option_ids is not None):
        detail = "candidate takes a picture that is painted; send it without prompt and optionIds."
        faults.append(Fault(code="invalid_value", detail=detail, pointer="/candidate"))
    if faults:
        raise invalid(faults)


def _likeness_faults(character: CharacterModel, main: CharacterModel, where: str) -> list[Fault]:
    pointer = f"{where}/sameAs"
    if character.is_main:
        detail = f"{pointer}: the main character is itself; remove sameAs."
    elif character.same_as != main.name:
        detail = f"{pointer} must be the main character's name, {main.name}, or be removed."
    else:
        return []
    return [Fault(code="invalid_same_as", detail=detail, pointer=pointer)]
