"""`python -m infra.local make-book`: has a tale painted, here or elsewhere, and saves it."""

from infra.local.make_book.command import make_book as main

__all__ = ["main"]
