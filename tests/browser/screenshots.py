"""Takes the README's pictures of the studio anew: `python -m tests.browser.screenshots`."""

import io
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import Page

from infra.local.stack import ROOT, LocalStack, StackOptions
from tests.browser.conftest import Studio, Visit, chromium
from tests.browser.test_making import drag

DOCS = ROOT / "docs"
LAPTOP: dict[str, Any] = {"viewport": {"width": 1280, "height": 1830}}
PHONE: dict[str, Any] = {
    "viewport": {"width": 390, "height": 844},
    "is_mobile": True,
    "has_touch": True,
}
GAP = 24
"""Pixels between two pictures."""
WIDEST, HIGHEST = 900, 1287
"""Pixels of one picture."""


def ring(x: float, y: float, radius: float) -> list[tuple[float, float]]:
    """Points of a circle; all three are parts of the paper's width, which is 3 to 4."""
    turns = [turn * math.tau / 16 for turn in range(17)]
    return [(x + radius * math.sin(turn), y + 0.75 * radius * math.cos(turn)) for turn in turns]


DRAGON = [
    *(("Very thick", "Green", ring(0.5, 0.3, radius)) for radius in (0.01, 0.05, 0.09, 0.12)),
    *(("Very thick", "Green", ring(0.5, 0.56, radius)) for radius in (0.02, 0.06, 0.1, 0.14, 0.17)),
    ("Very thick", "Green", [(0.43, 0.72), (0.4, 0.88)]),
    ("Very thick", "Green", [(0.57, 0.72), (0.6, 0.88)]),
    ("Very thick", "Green", [(0.64, 0.66), (0.8, 0.76), (0.88, 0.64)]),
    ("Thick", "Orange", [(0.33, 0.52), (0.12, 0.42), (0.17, 0.62), (0.32, 0.62)]),
    ("Thick", "Orange", [(0.67, 0.52), (0.88, 0.42), (0.83, 0.62), (0.68, 0.62)]),
    ("Thick", "Orange", [(0.42, 0.21), (0.38, 0.12), (0.48, 0.19)]),
    ("Thick", "Orange", [(0.58, 0.21), (0.62, 0.12), (0.52, 0.19)]),
    *(("Thick", "Yellow", [(0.44, y), (0.56, y)]) for y in (0.53, 0.57, 0.61)),
    ("Thick", "Black", ring(0.45, 0.285, 0.004)),
    ("Thick", "Black", ring(0.55, 0.285, 0.004)),
    ("Medium", "Black", [(0.44, 0.335), (0.5, 0.355), (0.56, 0.335)]),
]
"""What a child draws: how thick, in which colour, through which points."""


def shot(page: Page) -> Image.Image:
    """What is on the screen, once what is fading in is there."""
    return Image.open(io.BytesIO(page.screenshot(animations="disabled"))).convert("RGB")


def side_by_side(pictures: list[Image.Image], file: Path) -> None:
    """Save pictures of equal size in a row, none wider than is shown."""
    for picture in pictures:
        picture.thumbnail((WIDEST, HIGHEST))
    width = sum(picture.width + GAP for picture in pictures) - GAP
    row, left = Image.new("RGB", (width, pictures[0].height), "white"), 0
    for picture in pictures:
        row.paste(picture, (left, 0))
        left += picture.width + GAP
    row.save(file, optimize=True)


def until_half_painted(visit: Visit, name: str) -> None:
    """Wait until what is shown can be guessed."""
    bar = visit.card(name).locator("progress").element_handle()
    visit.page.wait_for_function("bar => bar.value >= 30", arg=bar)
    visit.until_seen(visit.picture(name), "partial")


def on_a_laptop(visit: Visit) -> Iterator[Image.Image]:
    """The form, filled in, and its book, of which only the hero is finished."""
    page = visit.make()
    page.get_by_role("button", name="Fill in an example").click()
    page.locator("summary", has_text="Hair color").click()
    page.evaluate("() => { document.activeElement.blur(); scrollTo(0, 0); }")
    yield shot(page)
    visit.studio.hold("IMAGINE", "--sref", 62)  # whoever is painted after the hero
    page.get_by_role("button", name="Paint my book").click()
    visit.until_seen(visit.picture("Mina"), "final")
    for other in ("Ember the fox", "Grandpa Bruno", "The snowy forest", "The meadow of the sun"):
        until_half_painted(visit, other)
    yield shot(page)
    visit.studio.faults()


def on_a_phone(visit: Visit) -> Iterator[Image.Image]:
    """The form, a drawing, the drawing half painted, and the finished book."""
    page = visit.make()
    yield shot(page)
    page.get_by_label("Name").first.fill("Dragon Bo")
    page.get_by_label("I draw").check()
    for thickness, colour, points in DRAGON:
        page.get_by_role("radio", name=thickness, exact=True).check()
        page.get_by_role("radio", name=colour, exact=True).check()
        drag(page, *points)
    page.locator("#way").evaluate("it => scrollTo(0, it.getBoundingClientRect().top + scrollY - 8)")
    yield shot(page)
    page.get_by_role("button", name="Paint my book").click()
    until_half_painted(visit, "Dragon Bo")
    yield shot(page)
    visit.until_finished()
    visit.until_seen(visit.picture("Dragon Bo"), "final")
    yield shot(page)


def main() -> None:
    """Make a book on either screen, and write the pictures into `docs`."""
    options = StackOptions(speed=5, proxy_args=["--jitter", "0"], studio=True)
    with LocalStack(options) as stack, chromium() as browser:
        studio = Studio(stack)
        for name, screen, walk in (
            ("studio-desktop.png", LAPTOP, on_a_laptop),
            ("studio-phone.png", PHONE, on_a_phone),
        ):
            context = browser.new_context(locale="en-US", reduced_motion="reduce", **screen)
            side_by_side(list(walk(Visit(studio, context))), DOCS / name)
            context.close()


if __name__ == "__main__":
    main()
