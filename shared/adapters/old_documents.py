"""What older versions stored, as what is stored now.

Each rule looks at what is there, not only at the version: a document of version 0 that was changed
since has some fields as they are now.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import unquote, urlsplit

from shared.domain.image import Image
from shared.ports import LatestJob, Reference

Fields = dict[str, Any]

KEPT = timedelta(days=180)
"""For how long documents were kept that did not say until when."""
_TYPES = {".png": "image/png", ".jpg": "image/jpeg", ".webp": "image/webp"}


def from_version_0(kind: type, fields: Fields) -> Fields:
    """A document from before there were versions; see docs/upgrades.md."""
    if kind is Image:
        return _expiring(_with_grid(_with_variants(fields)), "expireAt", fields.get("createdAt"))
    if kind is Reference:
        return _expiring(fields, "expire_at", fields.get("ready_at"))
    if kind is LatestJob:  # nobody asks for it: the note is only ever replaced
        return _expiring(fields, "expire_at", datetime.fromtimestamp(0, UTC))
    return fields


def _expiring(fields: Fields, name: str, since: datetime | None) -> Fields:
    return {name: since + KEPT, **fields} if since is not None else fields


def _with_grid(fields: Fields) -> Fields:
    """It was not written down whether the four pictures are there: they are, if one is enlarged."""
    imagine, upscale = fields.get("imagine"), fields.get("upscale")
    if imagine is None or "done" in imagine:
        return fields
    return fields | {"imagine": {"done": upscale is not None, **imagine}}


def _with_variants(fields: Fields) -> Fields:
    """Of each picture that is kept only the link was written down."""
    variants: Mapping[str, Any] = fields.get("variants") or {}
    found = {k: _variant(v) if isinstance(v, str) else v for k, v in variants.items()}
    return fields | {"variants": found}


def _variant(url: str) -> Fields:
    """Size unknown: 0. The object's name stands in its link, whichever server that leads to."""
    path = unquote(urlsplit(url).path)
    name = path[path.find("/jobs/") + 1 :] if "/jobs/" in path else PurePosixPath(path).name
    content_type = _TYPES.get(PurePosixPath(path).suffix, "image/png")
    return {"url": url, "name": name, "contentType": content_type, "width": 0, "height": 0}
