"""For everybody: screen readers, little screens, fingers, two languages, people whom motion hurts.

axe-core (https://github.com/dequelabs/axe-core) checks names, roles, contrasts and the rest of what
can be measured of WCAG 2.2 AA.
"""

from collections.abc import Callable
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from shared.domain.failure import FailureCode
from tests.browser.conftest import Studio, Visit

LAPTOP = {"viewport": {"width": 1280, "height": 900}}
PHONE = {
    "viewport": {"width": 360, "height": 740},
    "is_mobile": True,
    "has_touch": True,
    "device_scale_factor": 2,
}
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}


def check(page: Page) -> None:
    """Fail with what axe-core finds."""
    # What fades in has no contrast yet.
    page.wait_for_function("document.getAnimations().every(one => one.playState !== 'running')")
    violations = Axe().run(page, options=RULES).response["violations"]
    found = [(each["id"], [node["html"][:150] for node in each["nodes"]]) for each in violations]
    assert found == []


def check_width(page: Page) -> None:
    """Fail if the page is wider than the screen, and name what is."""
    wide = page.evaluate(
        """() => [...document.querySelectorAll("body *")].filter((element) =>
             element.checkVisibility() && !element.closest(".unseen, .sky, .skip") &&
             element.getBoundingClientRect().right > document.documentElement.clientWidth + 1)
             .map((element) => element.outerHTML.slice(0, 100))"""
    )
    assert wide == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.parametrize(("screen", "language"), [(LAPTOP, "English"), (PHONE, "한국어")])
def test_the_form(visitor: Callable[..., Visit], screen: dict[str, Any], language: str) -> None:
    visit = visitor(**screen, reduced_motion="reduce")
    visit.expect_trouble("422")
    page = visit.make()
    page.get_by_label(language).check()
    page.locator("#example").click()
    page.locator("[data-id=hair_colour] summary").click()
    expect(page.locator("[data-id=hair_colour] .chip").first).to_be_visible()
    check(page)
    check_width(page)

    page.locator("#way [value=drawing]").check()
    page.locator("#hero-name").fill("")
    page.locator("#start").click()
    expect(page.locator(".fault")).to_be_visible()
    check(page)
    check_width(page)


@pytest.mark.parametrize("screen", [LAPTOP, PHONE], ids=["laptop", "phone"])
def test_the_book(
    visitor: Callable[..., Visit], screen: dict[str, Any], studio: Studio, book: str
) -> None:
    visit = visitor(**screen, reduced_motion="reduce")
    page = visit.book(book)
    visit.until_seen(visit.picture("Forest"), "final")
    page.get_by_role("button", name="Paint Ember again").click()
    check(page)
    check_width(page)
    page.get_by_role("button", name="Look closely at Mina").click()
    expect(page.get_by_role("dialog", name="Mina")).to_be_visible()
    check(page)
    check_width(page)
    page.keyboard.press("Escape")

    studio.hold("IMAGINE", "stands still", 40)
    page = visit.book(studio.begin(studio.tale(prompt="a girl who stands still")))
    visit.until_seen(visit.picture("Mina"), "partial")
    check(page)
    check_width(page)


def test_a_finger_draws_and_does_not_scroll(visitor: Callable[..., Visit]) -> None:
    visit = visitor(**PHONE)
    page = visit.make()
    page.locator("#way [value=drawing]").check()
    canvas = page.locator("#canvas")
    canvas.evaluate("canvas => canvas.scrollIntoView({ block: 'center' })")
    before = page.evaluate("scrollY")
    box = canvas.bounding_box()
    assert box is not None
    x = box["x"] + box["width"] / 2
    finger = visit.context.new_cdp_session(page)

    def touch(kind: str, *ys: float) -> None:
        points = [{"x": x, "y": box["y"] + y * box["height"]} for y in ys]
        finger.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    touch("touchStart", 0.8)
    for step in range(7, 1, -1):
        touch("touchMove", step / 10)
    touch("touchEnd")

    expect(page.get_by_role("img", name="Strokes so far: 1.")).to_be_visible()
    paint = "canvas => [...canvas.getContext('2d').getImageData(384, 512, 1, 1).data]"
    assert canvas.evaluate(paint) == [0x2B, 0x26, 0x22, 255]
    assert page.evaluate("scrollY") == before


def test_labels_in_two_languages(visit: Visit) -> None:
    page = visit.make()
    page.get_by_label("한국어").check()
    expect(page.get_by_role("heading", name="우리, 책을 만들어요")).to_be_visible()
    expect(page.locator("summary", has_text="머리 색깔")).to_be_visible()
    expect(page.locator("html")).to_have_attribute("lang", "ko")
    page.reload()
    expect(page.get_by_role("button", name="내 책 그리기")).to_be_visible()
    page.get_by_label("English").check()
    expect(page.locator("summary", has_text="Hair color")).to_be_visible()


def test_both_languages_say_everything(visit: Visit) -> None:
    page = visit.make()
    missing = page.evaluate(
        """async () => {
          const { en } = await import("/words/en.js");
          const { ko } = await import("/words/ko.js");
          const holes = (text) => (text.match(/\\{\\w+\\}/g) ?? []).sort().join();
          return Object.keys(en).filter((key) => !(key in ko) || holes(en[key]) !== holes(ko[key]));
        }"""
    )
    assert missing == []


WITHOUT_A_FAULT_OF_THE_PAGE = (
    *("job_running", "image_busy", "image_not_found", "job_not_found", "reference_missing"),
    *("no_candidates", "candidate_shown", "too_many_jobs", "too_many_pictures"),
    *("body_too_large", "temporarily_unavailable", "drawing_unavailable", "internal_error"),
)
"""What the functions may answer to a page that asks as it should."""


def test_each_failure_is_said_in_words_of_the_page(visit: Visit) -> None:
    page = visit.make()
    keys = [f"error.{code}" for code in FailureCode if code is not FailureCode.CANCELED]
    keys += [f"problem.{code}" for code in WITHOUT_A_FAULT_OF_THE_PAGE]
    missing = page.evaluate(
        """async (keys) => {
          const { en } = await import("/words/en.js");
          return keys.filter((key) => !(key in en));
        }""",
        keys,
    )
    assert missing == []


def test_nothing_moves_for_whom_motion_hurts(visitor: Callable[..., Visit], book: str) -> None:
    moving = """() => [...document.querySelectorAll("*")].some((element) => {
      const { animationName, transitionDuration } = getComputedStyle(element);
      return animationName !== "none" || parseFloat(transitionDuration) > 0;
    })"""
    assert visitor().book(book).evaluate(moving)
    assert not visitor(reduced_motion="reduce").book(book).evaluate(moving)
