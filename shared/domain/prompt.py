"""From a child's words to the one line that MidJourney gets.

The child's words never become parameters: what could start one is taken away, and our own
parameters go last. Every attempt has a seed of its own in its prompt, because the proxy tells
pictures in flight apart by their text alone and swaps those whose texts are equal.
"""

import hashlib
import re
import unicodedata
from dataclasses import dataclass

from shared.domain.image import Image, Kind

MAX_WORDS = 1500
"""Characters of the child's text that are kept; MidJourney weighs little beyond some 60 words."""

_DASHES = re.compile(r"[‐-―−⸺⸻﹘﹣－]|(?<!\w)-+|-+(?!\w)|--+")
_URLS = re.compile(r"(?:https?|ftp)\S*:\S*|www\.\S+", re.IGNORECASE)
_MARKUP = re.compile(r"::+|[{}<>`@\[\]\\|]")


@dataclass(frozen=True, kw_only=True)
class PromptRules:
    """What is put around the child's words, by kind of picture."""

    version: str = "--v 7"
    """Always written: unpinned prompts change look when MidJourney moves its default."""
    character: str = (
        "{words}, full body, one single figure, centered, on a plain pastel background, "
        "children's picture book illustration, soft watercolor"
    )
    character_parameters: str = "--ar 3:4 --s 50"
    background: str = (
        "{words}, wide empty scene, landscape without people, "
        "children's picture book illustration, soft watercolor"
    )
    background_parameters: str = "--ar 16:9 --s 50 --no people, characters, text"
    reference_parameters: str = "--sref {url} --sw 150"


def clean(text: str) -> str:
    """The child's words as one line that holds no parameter, link or markup.

    Letters of every script stay, and hyphens inside words do. Cleaning twice changes nothing.
    """
    text = unicodedata.normalize("NFKC", text)
    text = "".join(" " if unicodedata.category(c) in {"Cc", "Cf", "Zl", "Zp"} else c for c in text)
    while True:
        cleaned = " ".join(_MARKUP.sub(" ", _DASHES.sub(" ", _URLS.sub(" ", text))).split())
        if cleaned == text:
            return cleaned[:MAX_WORDS].rstrip(" -")
        text = cleaned


def seed_for(token: str) -> int:
    """A seed for one attempt, 0..4294967295, the same whenever it is asked for."""
    return int.from_bytes(hashlib.sha256(token.encode()).digest()[:4], "big")


def build_prompt(image: Image, seed: int, rules: PromptRules) -> str:
    """The whole prompt of an IMAGINE: one line, single spaces, parameters last."""
    character = image.kind is Kind.CHARACTER
    words = (rules.character if character else rules.background).replace(
        "{words}", clean(image.prompt)
    )
    parameters = [rules.character_parameters if character else rules.background_parameters]
    if image.reference_url is not None:
        parameters.append(rules.reference_parameters.replace("{url}", image.reference_url))
    parameters += [f"--seed {seed}", rules.version]
    return " ".join([words, *parameters])
