"""Reads the file that says which pictures stand in for images that finally failed."""

import tomllib
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError

from shared.domain.fallbacks import Fallbacks
from shared.domain.image import Kind

Link = Annotated[str, StringConstraints(pattern=r"^https?://\S+$")]


class FallbackFileError(Exception):
    """The file can't be read or is not as it should be; the message says what is wrong."""


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid")

    default: dict[Kind, Link] = {}
    tales: dict[str, dict[Kind, Link]] = {}


def read_fallbacks(file: Path | None) -> Fallbacks:
    """The fallbacks of a TOML file; none without a file. Raises `FallbackFileError`.

    ```toml
    [default]
    background = "https://example.org/meadow.jpg"

    [tales."42"]
    character = "https://example.org/cat.png"
    ```
    """
    if file is None:
        return Fallbacks()
    try:
        content = _File.model_validate(tomllib.loads(file.read_text(encoding="utf-8")))
    except OSError as error:
        raise FallbackFileError(f"{file} can't be read: {error.strerror}") from None
    except ValidationError as error:
        wrong = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        raise FallbackFileError(f"{file}: {wrong}") from None
    except ValueError as error:  # not TOML, or not UTF-8
        raise FallbackFileError(f"{file} is not TOML: {error}") from None
    return Fallbacks(tales=content.tales, default=content.default)
