"""`python -m infra.local demo`: paints a sample tale for a newcomer to look at."""

from infra.local.demo.command import main

__all__ = ["main"]
