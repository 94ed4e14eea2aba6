"""A prompt, put together: content, the child's words, options, style, and parameters last.

Every attempt has a seed of its own in its prompt, because the proxy tells pictures in flight apart
by their text alone and swaps those whose texts are equal. Names and ids never go in.
"""

import hashlib
import re

from shared.domain.image import Image, Kind
from shared.domain.prompts.rules import KindRules, PromptRules, Relation
from shared.domain.prompts.wording import harmless, wording

_PARAMETERS = re.compile(r"\s+(?:--|[\u2013\u2014])\s*\w.*", re.DOTALL)


def seed_for(token: str) -> int:
    """A seed for one attempt, 0..4294967295, the same whenever it is asked for."""
    return int.from_bytes(hashlib.sha256(token.encode()).digest()[:4], "big")


def build_prompt(image: Image, seed: int, rules: PromptRules) -> str:
    """The whole prompt of an IMAGINE: one line, single spaces, parameters last.

    A drawing's own URL is not in it: the painter puts that in front.
    """
    kind = rules.of_kind(image.kind)
    options = rules.catalogue.words(image.option_ids) if image.kind is Kind.CHARACTER else ""
    content = [kind.lead, _words(image, kind, rules), options, kind.frame, rules.style]
    return " ".join([_listed(content), *_parameters(image, seed, kind, rules)])


def _words(image: Image, kind: KindRules, rules: PromptRules) -> str:
    """What the child said, else what is seen in its drawing, else what stands in for a drawing."""
    if said := wording(image.prompt, rules):
        return said
    if image.drawing is None:
        return ""
    # What the painter says of a drawing ends with parameters ("--ar 3:4"), which are not ours.
    return harmless(_PARAMETERS.sub("", image.described), rules) or kind.drawing


def _listed(parts: list[str]) -> str:
    """The parts that say something, with commas between."""
    return ", ".join(said for part in parts if (said := part.strip(" ,;.。、")))


def _parameters(image: Image, seed: int, kind: KindRules, rules: PromptRules) -> list[str]:
    parameters = [kind.parameters]
    if kind.leave_out and rules.model.knows_no:
        parameters.append(f"--no {kind.leave_out}")
    if image.drawing is not None:
        parameters.append(f"--iw {rules.model.image_weight:g}")
    # MidJourney wants references after image prompts; the main picture itself is after none.
    if image.reference_url is not None and not image.is_reference:
        parameters.append(rules.model.reference(Relation.of(image), image.reference_url))
    parameters += [f"--seed {seed}", rules.model.flag]
    return [parameter for parameter in parameters if parameter]
