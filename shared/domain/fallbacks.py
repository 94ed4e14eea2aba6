"""Pictures that stand in for images that finally failed, by tale."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from shared.domain.image import Kind


@dataclass(frozen=True, kw_only=True)
class Fallbacks:
    """Which picture stands in, by the tale's id and the kind of image."""

    tales: Mapping[str, Mapping[Kind, str]] = field(default_factory=dict)
    """Tale -> kind -> URL."""
    default: Mapping[Kind, str] = field(default_factory=dict)
    """For tales that have none of that kind."""

    def url_for(self, fairytale_id: str, kind: Kind) -> str | None:
        """The URL of the picture that stands in for such an image; None if there is none."""
        return self.tales.get(fairytale_id, {}).get(kind) or self.default.get(kind)
