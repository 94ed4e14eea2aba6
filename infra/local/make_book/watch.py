"""`python -m infra.local watch`: goes on watching a book that was begun before, and saves it."""

from infra.local.make_book.command import watch as main

__all__ = ["main"]
