"""The studio: a page on which a person makes a book, and the small server that it comes from."""

from infra.local.studio.server import StudioServer

__all__ = ["StudioServer"]
