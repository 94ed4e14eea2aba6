"""styles (HTTPS, GET): the options that a hero's looks can be chosen from."""

from functools import lru_cache

import flask

from functions.api.views import answer, catalogue_view, with_etag
from functions.edge import client_function
from shared.domain.prompts import PromptRules
from shared.settings import Settings, settings

CACHE_SECONDS = 3600
LANGUAGES = ("en", "ko")
"""Of the labels; the first is what other clients get."""


@client_function("GET", "HEAD")
def styles(request: flask.Request) -> flask.Response:
    """Answer with the catalogue, labelled in the language that the client prefers."""
    rules = _rules(settings())
    language = request.accept_languages.best_match(LANGUAGES) or LANGUAGES[0]
    headers = {
        "Cache-Control": f"public, max-age={CACHE_SECONDS}",
        "Content-Language": language,
        "Vary": "Accept-Language",
    }
    return with_etag(request, answer(catalogue_view(rules, language), headers=headers))


@lru_cache(maxsize=1)
def _rules(values: Settings) -> PromptRules:
    """Without the services: it is all that is needed, and their clients take long to import."""
    return values.prompts()
