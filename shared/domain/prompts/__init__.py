"""From a child's words, options and drawing to the one line that MidJourney gets.

What stands in that line is configured in one file (`shared/prompts.toml`, read by
`shared.prompt_file`); how it is put together is here, in pure functions.
"""

from shared.domain.prompts.building import build_prompt, seed_for
from shared.domain.prompts.catalogue import Catalogue, Category, Option, OptionFault
from shared.domain.prompts.cleaning import clean
from shared.domain.prompts.rules import KindRules, Model, PromptRules
from shared.domain.prompts.wording import banned_in, wording

__all__ = [
    "Catalogue",
    "Category",
    "KindRules",
    "Model",
    "Option",
    "OptionFault",
    "PromptRules",
    "banned_in",
    "build_prompt",
    "clean",
    "seed_for",
    "wording",
]
