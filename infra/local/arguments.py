"""What the commands of the local stack share: default ports, parsers of options."""

import argparse

PORTS = {
    "functions": 8080,
    "proxy": 8090,
    "firestore": 8200,
    "tasks": 8123,
    "events": 8124,
    "bucket": 9023,
    "studio": 8070,
}
"""The ports of `up`, and of each part started alone."""


def command_parser(command: str, about: str) -> argparse.ArgumentParser:
    """A parser for `python -m infra.local <command>`."""
    return argparse.ArgumentParser(
        prog=f"python -m infra.local {command}",
        description=about,
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )


def positive(text: str) -> float:
    """A number above 0, for `type=`; raises ArgumentTypeError."""
    value = float(text)
    if value <= 0:
        raise argparse.ArgumentTypeError("must be more than 0")
    return value


def chance(text: str) -> float:
    """A number from 0 to 1, for `type=`; raises ArgumentTypeError."""
    value = float(text)
    if not 0 <= value <= 1:
        raise argparse.ArgumentTypeError("must be between 0 and 1")
    return value
