"""Reads a prompt as MidJourney does: words, image URLs and `--parameters`."""

import re
from dataclasses import dataclass

_URL = re.compile(r"^<?https?://\S+$", re.IGNORECASE)
_PARAMETER = re.compile(r"(?:^|\s)--([A-Za-z]\w*)((?:(?!\s--[A-Za-z]).)*)", re.DOTALL)

#: Other names of parameters -> the name used here.
_ALIASES = {
    "aspect": "ar", "version": "v", "stylize": "s", "chaos": "c", "quality": "q", "w": "weird",
    "r": "repeat", "p": "profile", "weird": "weird",
}  # fmt: skip

#: Parameters with a number, and its lowest and highest value (contract, section 9).
_RANGES: dict[str, tuple[float, float]] = {
    "s": (0, 1000), "c": (0, 100), "weird": (0, 3000), "seed": (0, 4_294_967_295), "iw": (0, 3),
    "cw": (0, 100), "sw": (0, 1000), "ow": (1, 1000), "sv": (1, 7), "q": (0.25, 4),
    "stop": (10, 100), "repeat": (1, 40), "exp": (0, 100),
}  # fmt: skip

#: Parameters without a value, or with free text.
_FREE = frozenset((
    "no", "style", "raw", "tile", "draft", "fast", "relax", "turbo", "stealth", "public",
    "profile", "hd", "video", "sref", "cref", "oref",
))  # fmt: skip

_VERSIONS = frozenset(
    (
        "1",
        "2",
        "3",
        "4",
        "5",
        "5.0",
        "5.1",
        "5.2",
        "6",
        "6.0",
        "6.1",
        "7",
        "7.0",
        "8",
        "8.0",
        "8.1",
        "8.2",
    )
)
_NIJI = frozenset(("4", "5", "6", "7"))
_CREF_VERSIONS = frozenset(("6", "6.0", "6.1"))
_CREF_NIJI = frozenset(("6", ""))

#: Words that MidJourney itself refuses although the proxy's own list lets them pass.
_MODERATED = ("gore", "gory", "nsfw", "beheading", "severed", "carnage")


@dataclass(frozen=True, kw_only=True)
class Prompt:
    """A prompt, taken apart."""

    words: str  #: what is to be seen, on one line
    image_urls: tuple[str, ...]  #: image prompts: the URLs in front of the words
    parameters: tuple[tuple[str, str], ...]  #: canonical name and value, in order

    def parameter(self, name: str) -> str | None:
        """Return the last value of a parameter, or None."""
        return next((value for key, value in reversed(self.parameters) if key == name), None)

    def urls(self) -> tuple[str, ...]:
        """Return every URL that MidJourney has to fetch: image prompts and references."""
        return tuple(dict.fromkeys((*self.image_urls, *self.references("sref", "cref", "oref"))))

    def references(self, *names: str) -> tuple[str, ...]:
        """Return the URLs behind parameters of these names (`sref`, `cref`, `oref`)."""
        values = (value for name, value in self.parameters if name in names)
        found = (part for value in values for part in value.split() if _URL.match(part))
        return tuple(dict.fromkeys(_bare(part) for part in found))

    def image_weight(self) -> float:
        """Return `--iw`, how much image prompts count: 0..3, 1 without it."""
        try:
            return max(0.0, min(3.0, float(self.parameter("iw") or 1)))
        except ValueError:
            return 1.0

    def ratio(self) -> tuple[int, int]:
        """Return width and height of `--ar`, 1:1 without it."""
        match = re.fullmatch(r"(\d+):(\d+)", self.parameter("ar") or "1:1")
        return (int(match[1]), int(match[2])) if match else (1, 1)

    def seed(self) -> int | None:
        """Return `--seed`, or None."""
        value = self.parameter("seed")
        return int(value) if value and value.isdigit() else None


def parse_prompt(text: str) -> Prompt:
    """Return a prompt's parts; never fails, what is wrong is found by `refusal`."""
    parameters = []
    for match in _PARAMETER.finditer(text):
        name = match[1] if match[1] in ("no",) else match[1].lower()
        parameters.append((_ALIASES.get(name, name), match[2].strip()))
    first = _PARAMETER.search(text)
    body = text[: first.start()] if first else text
    words: list[str] = []
    urls: list[str] = []
    for part in body.split():
        if _URL.match(part) and not words:
            urls.append(_bare(part))
        else:
            words.append(part)
    return Prompt(words=" ".join(words), image_urls=tuple(urls), parameters=tuple(parameters))


def refusal(prompt: Prompt) -> str | None:
    """Return the failReason with which MidJourney refuses a prompt, or None if it paints it.

    The proxy accepts such prompts (code 1); they fail seconds later (contract, section 5).
    """
    words = set(re.findall(r"[a-z]+", prompt.words.lower()))
    moderated = next((word for word in _MODERATED if word in words), None)
    if moderated:
        return (
            f"[Banned prompt detected] The word '{moderated}' is banned. "
            "Circumventing this filter may result in your access being revoked."
        )
    if not prompt.words and len(prompt.image_urls) < 2:
        return "[Invalid parameter] You must provide a text prompt, or at least two image prompts."
    for name, value in prompt.parameters:
        problem = _problem(name, value)
        if problem:
            return f"[Invalid parameter] {problem}"
    return _clash(prompt)


def _problem(name: str, value: str) -> str | None:
    if name in _FREE:
        if name in ("sref", "cref", "oref") and not value:
            return f"Missing value for `--{name}`"
        return None
    if name in _RANGES:
        return _range_problem(name, value)
    if name == "ar":
        match = re.fullmatch(r"(\d+):(\d+)", value)
        fine = match is not None and int(match[1]) > 0 and int(match[2]) > 0
        return None if fine else f"Invalid value for `--ar`: `{value}` should be width:height"
    if name in ("v", "niji"):
        known = _VERSIONS if name == "v" else _NIJI
        fine = value in known or (name == "niji" and not value)
        return None if fine else f"Invalid value for `--{name}`: `{value}`"
    return f"Unrecognized parameter(s): `--{name}`"


def _range_problem(name: str, value: str) -> str | None:
    low, high = _RANGES[name]
    try:
        number = float(value)
    except ValueError:
        return f"Invalid value for `--{name}`: `{value}` is not a number"
    if low <= number <= high:
        return None
    return f"Invalid value for `--{name}`: `{value}` is not between {low:g} and {high:g}"


def _clash(prompt: Prompt) -> str | None:
    """Return the refusal of references that the chosen version does not know."""
    version = prompt.parameter("v")
    names = [name for name, _ in prompt.parameters]
    if "cref" in names and version is not None and version not in _CREF_VERSIONS:
        return f"[Invalid parameter] `--cref` is not compatible with `--version {version}`"
    niji = prompt.parameter("niji")
    if "cref" in names and niji is not None and niji not in _CREF_NIJI:
        return f"[Invalid parameter] `--cref` is not compatible with `--niji {niji}`"
    if "oref" in names and version is not None and version in _CREF_VERSIONS:
        return f"[Invalid parameter] `--oref` is not compatible with `--version {version}`"
    if len((prompt.parameter("oref") or "").split()) > 1 or names.count("oref") > 1:
        return "[Invalid parameter] only one image can be used with `--oref`"
    return None


def _bare(url: str) -> str:
    """Return a URL without angle brackets and `::weight`."""
    return re.sub(r"::[\d.]+$", "", url.strip("<>"))
