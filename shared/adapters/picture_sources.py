"""Where pictures are fetched from, by links that clients send or that the painter gives."""

from dataclasses import replace

from shared.adapters.download import Rules, download
from shared.adapters.picture_formats import picture_of
from shared.ports import Picture, PictureRejected

_OF_CLIENTS = Rules()
_OF_THE_PAINTER = Rules(
    schemes=("https", "http"), ports=None, is_allowed=lambda _: True, total_seconds=60.0
)


class HttpPictureSource:
    """`shared.ports.PictureSource` for links that clients send: see `shared.adapters.download`."""

    def __init__(self, hosts: tuple[str, ...], *, rules: Rules = _OF_CLIENTS) -> None:
        """`hosts`: exact names, or `.example.org` for those below it. `rules`: all the others."""
        self._rules = replace(rules, hosts=tuple(host.lower() for host in hosts))

    def fetch(self, url: str) -> Picture:  # noqa: D102 - see the port
        picture = picture_of(download(url, self._rules))
        if picture is None:
            raise PictureRejected(
                "wrong_format", "What the link answers is no PNG, JPEG or WebP picture."
            )
        return picture


class PainterPictureSource(HttpPictureSource):
    """`shared.ports.PictureSource` for the painter's own links, of its hosts only.

    http as well, and any port and address, for a proxy may serve its pictures itself.
    """

    def __init__(self, hosts: tuple[str, ...]) -> None:
        super().__init__(hosts, rules=_OF_THE_PAINTER)
