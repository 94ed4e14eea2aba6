"""The stable codes of error answers, as they stand in the source."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
_CODE = r"(?:Problem\(\s*\d+,\s*|PictureRejected\(\s*)\"(\w+)\"|code=\"(\w+)\""


def codes_in_the_source() -> set[str]:
    """Every code that a client can be answered with."""
    folders = [ROOT / "functions", ROOT / "shared" / "adapters", ROOT / "shared" / "domain"]
    found = {
        name
        for folder in folders
        for path in folder.rglob("*.py")
        for pair in re.findall(_CODE, path.read_text())
        for name in pair
        if name
    }
    return found - {"invalid_task"}  # answered to nobody: a task's errors go to the log
