"""What cutting a figure out costs, and how good it is: `python -m infra.local.bench.pictures`.

Each cost is measured in a process of its own, on a picture that the simulated painter paints: once
with every file of Python's packages and of the models out of the page cache, as on a machine that
has just begun, and once with them in it. Times are wall times.
Quality is intersection over union with exactly known masks. Two contact sheets go to docs/.
Exit codes: 0 done; 1 a measurement failed, and the output says how.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Sequence
from importlib import import_module
from io import BytesIO
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from infra.local.proxy.painting.grid import Order, paint
from infra.local.stack import ROOT
from infra.models import FOLDER, ModelUnavailable, fetch
from shared.adapters.picture_formats import picture_of
from shared.adapters.rembg_masks import CHECKSUMS, MODELS, RembgMasks
from shared.ports import Picture

SIDES = (1024, 4096)
"""Pixels a side of the pictures that are measured; the second is the largest that is taken."""
WARM = 3
"""Pictures after the first; the fastest counts."""
_CHARACTER = (
    "full body of one single figure, a brave little girl with brown hair and green eyes, in a red "
    "hood and a blue dress, carrying a basket, centered, plain pastel blue background"
)


def main(argv: Sequence[str]) -> int:
    """Measure, print, draw, and return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m infra.local.bench.pictures")
    parser.add_argument("--sheets-only", action="store_true", help="measure nothing, draw only")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures there, too")
    parser.add_argument("--probe", nargs=2, metavar=("MODEL", "FILE"), help=argparse.SUPPRESS)
    options = parser.parse_args(argv)
    if options.probe:
        print(json.dumps(probe(options.probe[0], Path(options.probe[1]))))
        return 0
    console = Console(highlight=False)
    try:
        for name in CHECKSUMS:
            fetch(name, FOLDER)
        if not options.sheets_only:
            _measure(console, options.json)
    except (ModelUnavailable, subprocess.CalledProcessError) as error:
        print(getattr(error, "stderr", None) or error, file=sys.stderr)
        return 1
    _draw(console)
    return 0


def probe(model: str, file: Path) -> dict[str, float]:
    """What a fresh process needs for a picture; seconds and MiB. Run in a process of its own."""
    import functions.postprocess  # noqa: F401 - a part of what an instance has to load
    from shared.adapters.picture_finisher import PillowFinisher

    masks = RembgMasks(model, FOLDER, threads=os.cpu_count() or 1)
    masks.load()
    loaded = time.time()
    finisher = PillowFinisher(masks)
    picture = picture_of(file.read_bytes())
    if picture is None:
        raise ValueError(f"{file} is no picture.")
    finisher.character(picture)
    first = time.time()
    times = []
    for _ in range(WARM):
        start = time.perf_counter()
        finisher.character(picture)
        times.append(time.perf_counter() - start)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {
        "loadedAt": loaded,
        "firstAt": first,
        "warm": min(times),
        "peakMiB": peak / (2**20 if sys.platform == "darwin" else 2**10),
    }


def cost(model: str, file: Path) -> dict[str, float]:
    """Seconds from a process's start to the model being loaded and to its first picture.

    With cold files and with warm ones; then for one more picture; and the peak in MiB.
    """
    forget_files()
    cold, warm = _spent(model, file), _spent(model, file)
    return {
        "coldLoad": cold["load"],
        "coldFirst": cold["first"],
        "load": warm["load"],
        "first": warm["first"],
        "warm": min(cold["warm"], warm["warm"]),
        "peakMiB": max(cold["peakMiB"], warm["peakMiB"]),
    }


def forget_files() -> None:
    """Drop Python's packages, our own files and the models out of the page cache."""
    if not hasattr(os, "posix_fadvise"):  # macOS: they stay as they are
        return
    os.sync()
    folders = (sysconfig.get_path("purelib"), sysconfig.get_path("stdlib"), FOLDER)
    for folder in folders:
        for file in Path(folder).rglob("*"):
            if file.is_file() and os.access(file, os.R_OK):
                descriptor = os.open(file, os.O_RDONLY)
                os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
                os.close(descriptor)


def _spent(model: str, file: Path) -> dict[str, float]:
    command = [sys.executable, "-m", "infra.local.bench.pictures", "--probe", model, str(file)]
    start = time.time()
    done = subprocess.run(command, check=True, cwd=ROOT, capture_output=True, text=True)
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found | {"load": found["loadedAt"] - start, "first": found["firstAt"] - start}


def quality(model: str) -> dict[str, dict[str, float]]:
    """Mean intersection over union by ground: of the bare mask, and of what is made of it."""
    import numpy as np
    from PIL import Image

    # Drawn for the tests, which need the same known masks.
    drawings = import_module("tests.unit.drawn_characters")
    from shared.adapters.cutting_out import cut_out

    def overlap(one: Any, other: Any) -> float:
        found, known = np.asarray(one) > 127, np.asarray(other) > 127
        return float((found & known).sum() / (found | known).sum())

    masks = RembgMasks(model, FOLDER, threads=os.cpu_count() or 1)
    table = {}
    for ground in drawings.GROUNDS:
        bare, ours = [], []
        for character in drawings.CHARACTERS:
            drawn = drawings.scene(character, ground)
            known = drawn.figure.getchannel("A")
            bare.append(overlap(masks.mask(drawn.picture), known))
            cut = cut_out(drawn.picture, masks)
            alpha = Image.new("L", drawn.picture.size)
            if cut.image is not None and cut.box is not None:
                alpha.paste(cut.image.getchannel("A"), cut.box[:2])
            ours.append(overlap(alpha, known))
        table[ground] = {"mask": sum(bare) / len(bare), "cutout": sum(ours) / len(ours)}
    return table


def painted(text: str, side: int, *, seed: int = 7, ratio: tuple[int, int] = (1, 1)) -> Picture:
    """An upscaled picture as the simulated proxy paints it, PNG."""
    order = Order(text=text, seed=seed, quarter=1, side=min(side, 1024), ratio=ratio)
    image = paint(order)
    if side > 1024:
        factor = side // 1024
        image = image.resize((image.width * factor, image.height * factor))
    file = BytesIO()
    image.save(file, "PNG", compress_level=1)
    return Picture(data=file.getvalue(), content_type="image/png", suffix=".png")


def _measure(console: Console, file: Path | None) -> None:
    report: dict[str, Any] = {"cost": {}, "quality": {}}
    with tempfile.TemporaryDirectory() as folder:
        for side in SIDES:
            picture = Path(folder) / f"{side}.png"
            picture.write_bytes(painted(_CHARACTER, side).data)
            for model in MODELS:
                report["cost"][f"{model} {side}"] = cost(model, picture)
    for model in MODELS:
        report["quality"][model] = quality(model)
    console.print(_costs(report["cost"]))
    console.print(_qualities(report["quality"]))
    if file is not None:
        file.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")


def _costs(found: dict[str, dict[str, float]]) -> Table:
    table = Table(
        title=f"A character, {os.cpu_count()} vCPU: seconds, and the process's peak in MiB",
        title_justify="left",
    )
    for heading in (
        "model",
        "side",
        "loaded, cold files",
        "first picture, cold files",
        "loaded",
        "first picture",
        "one more",
        "peak",
    ):
        table.add_column(heading, justify="left" if heading == "model" else "right")
    for name, one in found.items():
        times = (f"{one[key]:.2f}" for key in ("coldLoad", "coldFirst", "load", "first", "warm"))
        table.add_row(*name.split(), *times, f"{one['peakMiB']:,.0f}")
    return table


def _qualities(found: dict[str, dict[str, dict[str, float]]]) -> Table:
    table = Table(
        title="Mean intersection over union: bare mask, and cut-out", title_justify="left"
    )
    table.add_column("model")
    grounds = next(iter(found.values()))
    for ground in grounds:
        table.add_column(ground, justify="right")
    for model, one in found.items():
        table.add_row(model, *(f"{v['mask']:.3f} {v['cutout']:.3f}" for v in one.values()))
    return table


def _draw(console: Console) -> None:
    from infra.local.bench.sheets import draw_backgrounds, draw_cut_outs

    masks = RembgMasks("both", FOLDER, threads=os.cpu_count() or 1)
    for file, draw in (("cutouts.jpg", draw_cut_outs), ("backgrounds.jpg", draw_backgrounds)):
        sheet = draw(masks)
        path = ROOT / "docs" / file
        sheet.save(path, "JPEG", quality=70, optimize=True, progressive=True)
        console.print(f"docs/{file}: {path.stat().st_size // 1024} KiB")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
