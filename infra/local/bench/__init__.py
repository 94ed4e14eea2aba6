"""`python -m infra.local bench`: the project's yardstick."""

from infra.local.bench.command import main

__all__ = ["main"]
