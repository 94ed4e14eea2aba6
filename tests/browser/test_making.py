"""From a child's idea to a book: choosing, drawing, sending, and what may be wrong on the way."""

import base64
import io
import json
import re
import zipfile
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from tests.browser.conftest import Studio, Visit, swallow_answer

BLANK = (255, 255, 255)
FINISHED = "The book is finished. All 3 pictures are ready."


def drag(page: Page, *points: tuple[float, float]) -> None:
    """Draw through points of the canvas, each from 0 to 1."""
    canvas = page.locator("#canvas")
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    assert box is not None
    places = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in points]
    page.mouse.move(*places[0])
    page.mouse.down()
    for place in places[1:]:
        page.mouse.move(*place, steps=5)
    page.mouse.up()


def pixel(drawing: Image.Image, x: float, y: float) -> Any:
    """The colour at a place from 0 to 1."""
    return drawing.getpixel((int(x * drawing.width), int(y * drawing.height)))


def drawn(page: Page) -> Image.Image:
    """What stands on the canvas."""
    url = page.locator("#canvas").evaluate("canvas => canvas.toDataURL()")
    return picture_of(url)


def picture_of(data_url: str) -> Image.Image:
    data = base64.b64decode(data_url.partition(",")[2])
    return Image.open(io.BytesIO(data)).convert("RGB")


def test_a_hero_whose_looks_are_chosen(visit: Visit, studio: Studio) -> None:
    page = visit.make()
    page.get_by_label("Name").first.fill("Mina")
    page.get_by_label("Who is it?").fill("a brave girl")
    page.locator("summary", has_text="Hair color").click()
    page.get_by_role("radio", name="Red", exact=True).check()
    page.locator("summary", has_text="Things to wear").click()
    for extra in ("Glasses", "Lantern"):
        page.get_by_role("checkbox", name=extra, exact=True).check()
    page.get_by_role("button", name="Add somebody").click()
    page.get_by_label("Somebody 1 · Name").fill("Mina flies")
    page.locator("#friends-0-prompt").fill("flying on a broom")
    page.get_by_label("It is Mina again, in another pose").check()
    page.get_by_role("button", name="Add a place").click()
    page.get_by_label("Place 1 · Name").fill("Forest")
    page.locator("#places-0-prompt").fill("a snowy forest")
    page.get_by_label("Pale").check()
    expect(page.get_by_text("3 pictures will be painted.")).to_be_visible()
    page.get_by_role("button", name="Paint my book").click()

    job_id = visit.until_started()
    visit.until_finished()

    expect(page.get_by_role("heading", name="Mina’s book")).to_be_visible()
    expect(page.locator("#book-status")).to_have_text(FINISHED)
    for name in ("Mina", "Mina flies", "Forest"):
        visit.until_seen(visit.picture(name), "final")
    book = studio.status(job_id)
    hero, _, forest = book["images"]
    assert hero["optionIds"] == ["hair_red", "with_glasses", "with_lantern"]
    assert forest["backgroundEffect"] == "pale"
    assert visit.requests_to("/google.firestore.v1.Firestore/Listen/")
    assert not visit.requests_to("/api/status")

    page.reload()
    expect(page.locator("#book-status")).to_have_text(FINISHED)
    with page.expect_download() as download:
        page.get_by_role("link", name="Download all").click()
    names = zipfile.ZipFile(Path(download.value.path())).namelist()
    assert [re.sub(r"^\d+\W*", "", Path(name).stem) for name in names] == [
        "Mina", "Mina flies", "Forest",
    ]  # fmt: skip


def test_a_hero_who_is_drawn(visit: Visit) -> None:
    visit.watches_by("polling")
    page = visit.make()
    sent: list[dict[str, Any]] = []
    page.on("request", lambda r: r.url.endswith("/generate") and sent.append(r.post_data_json))
    page.get_by_label("Name").first.fill("Mina")
    page.get_by_label("I draw").check()
    page.get_by_label("Very thick").check()
    page.get_by_role("radio", name="Red", exact=True).check()
    drag(page, (0.2, 0.5), (0.8, 0.5))
    page.get_by_role("radio", name="Blue", exact=True).check()
    drag(page, (0.5, 0.2), (0.5, 0.35))
    drag(page, (0.2, 0.8), (0.8, 0.8))
    page.get_by_role("button", name="Undo").click()
    page.get_by_label("Eraser").check()
    drag(page, (0.7, 0.4), (0.7, 0.6))
    page.get_by_role("button", name="Paint my book").click()

    visit.until_started()
    visit.until_finished()

    sketch = picture_of(sent[0]["characters"][0]["sketchImage"])
    assert pixel(sketch, 0.4, 0.5) == (0xD8, 0x48, 0x3E), "the red stroke"
    assert pixel(sketch, 0.5, 0.3) == (0x3D, 0x7F, 0xD0), "the blue stroke"
    assert pixel(sketch, 0.4, 0.8) == BLANK, "the stroke that was undone"
    assert pixel(sketch, 0.7, 0.5) == BLANK, "what the eraser went over"
    visit.until_seen(visit.picture("Mina"), "final")
    # The child said nothing, so the painter was asked what it sees.
    expect(visit.card("Mina").get_by_text("The painter saw in the drawing:")).to_be_visible()


def test_what_is_drawn_can_be_taken_back_and_brought_back(visit: Visit, tmp_path: Path) -> None:
    page = visit.make()
    page.get_by_label("I draw").check()
    tools = {name: page.get_by_role("button", name=name) for name in ("Undo", "Redo", "Clear")}
    for tool in tools.values():
        expect(tool).to_be_disabled()
    drag(page, (0.1, 0.1), (0.9, 0.1))
    drag(page, (0.1, 0.9), (0.9, 0.9))
    expect(page.get_by_role("img", name="Strokes so far: 2.")).to_be_visible()

    tools["Clear"].click()
    assert pixel(drawn(page), 0.5, 0.1) == BLANK
    tools["Undo"].click()
    assert pixel(drawn(page), 0.5, 0.1) != BLANK
    tools["Undo"].click()
    assert pixel(drawn(page), 0.5, 0.9) == BLANK
    tools["Redo"].click()
    assert pixel(drawn(page), 0.5, 0.9) != BLANK

    photo = tmp_path / "drawing.png"
    Image.new("RGB", (300, 300), (10, 120, 30)).save(photo)
    page.get_by_label("Use a photo of a drawing").set_input_files(photo)
    expect(page.get_by_role("img", name="Strokes so far: 3.")).to_be_visible()
    assert pixel(drawn(page), 0.5, 0.5) == (10, 120, 30)
    photo.write_text("no picture")
    page.get_by_label("Use a photo of a drawing").set_input_files(photo)
    sorry = page.locator("#drawing").get_by_role("alert")
    expect(sorry).to_have_text("This file is no picture that can be opened.")
    drag(page, (0.1, 0.1), (0.9, 0.1))
    expect(sorry).not_to_be_visible()


def test_what_is_wrong_is_said_beside_the_field(visit: Visit) -> None:
    visit.expect_trouble("422")
    page = visit.make()
    page.get_by_role("button", name="Add a place").click()
    page.get_by_role("button", name="Paint my book").click()

    hero = page.get_by_label("Name").first
    expect(hero).to_be_focused()
    expect(hero).to_have_accessible_description("Write something here.")
    expect(page.locator("#places-0-prompt")).to_have_attribute("aria-invalid", "true")

    hero.fill("Mina")
    expect(hero).not_to_have_attribute("aria-invalid", "true")
    page.locator("#places-0-name").fill("Castle")
    page.locator("#places-0-prompt").fill("a gory lingerie castle")
    page.get_by_role("button", name="Paint my book").click()
    expect(page.get_by_label("Who is it?")).to_have_accessible_description(
        "Say something about it: in words, by its looks or by a drawing."
    )
    expect(page.locator("#places-0-prompt")).to_have_accessible_description(
        "The painter doesn’t take “lingerie”. Say it with other words."
    )
    assert "?job=" not in page.url


def test_the_same_book_when_an_answer_was_lost(visit: Visit, studio: Studio) -> None:
    visit.expect_trouble("ERR_CONNECTION_RESET")
    page = visit.make()
    page.get_by_role("button", name="Fill in an example").click()
    page.route("**/api/generate", swallow_answer, times=1)
    page.get_by_role("button", name="Paint my book").click()
    expect(page.get_by_text("The studio can’t be reached.")).to_be_visible()

    page.get_by_role("button", name="Paint my book").click()

    job_id = visit.until_started()
    first, second = visit.requests_to("/api/generate")
    assert first["idempotency-key"] == second["idempotency-key"]
    submitted = json.dumps(studio.status(job_id))
    assert "Ember the fox" in submitted


def test_a_draft_outlives_a_reload(visit: Visit) -> None:
    page = visit.make()
    page.get_by_role("button", name="Fill in an example").click()
    page.get_by_label("Who is it?").fill("a girl with a kite")
    example = page.get_by_role("button", name="Fill in an example")
    expect(example).not_to_be_visible()
    page.reload()
    expect(example).not_to_be_visible()
    expect(page.get_by_label("Who is it?")).to_have_value("a girl with a kite")
    expect(page.locator("#friends-1-name")).to_have_value("Grandpa Bruno")
    expect(page.locator("summary", has_text="Eyes").locator(".now")).to_have_text("Green")


def test_a_drawing_outlives_a_reload_but_not_its_book(visit: Visit) -> None:
    page = visit.make()
    page.get_by_label("Name").first.fill("Mina")
    page.get_by_label("I draw").check()
    page.get_by_label("Very thick").check()
    drag(page, (0.1, 0.5), (0.9, 0.5))
    kept = "sessionStorage['studio.drawing']?.length > 100"
    page.wait_for_function(f"() => {kept}")

    page.reload()

    expect(page.get_by_role("img", name="Strokes so far: 1.")).to_be_visible()
    assert pixel(drawn(page), 0.5, 0.5) == (0x2B, 0x26, 0x22)
    page.get_by_role("button", name="Clear").click()
    page.get_by_role("button", name="Undo").click()
    assert pixel(drawn(page), 0.5, 0.5) == (0x2B, 0x26, 0x22)
    page.get_by_role("button", name="Paint my book").click()
    visit.until_started()
    page.get_by_role("link", name="Make another book").click()
    page.get_by_label("I draw").check()
    expect(page.get_by_role("img", name="Strokes so far: 0.")).to_be_visible()
    assert not page.evaluate(kept)


def test_a_book_without_a_mouse(visit: Visit) -> None:
    page = visit.make()

    def tab_to(selector: str) -> None:
        for _ in range(200):
            page.keyboard.press("Tab")
            if page.evaluate("selector => document.activeElement.matches(selector)", selector):
                return
        pytest.fail(f"Tab never reaches {selector}")

    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the book")).to_be_focused()
    page.keyboard.press("Enter")
    tab_to("#hero-name")
    page.keyboard.type("Mina")
    page.keyboard.press("Enter")
    expect(page.locator("#hero-prompt")).to_be_focused()
    tab_to("[data-id=hair_colour] summary")
    page.keyboard.press("Enter")
    tab_to("[name=looks-hair_colour]")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    expect(page.locator("[data-id=hair_colour] .now")).to_have_text("Dark brown")
    page.keyboard.press("Enter")
    tab_to("#add-friend")
    page.keyboard.press("Enter")
    expect(page.locator("#friends-0-name")).to_be_focused()
    page.keyboard.type("Ember")
    page.keyboard.press("Tab")
    page.keyboard.type("a fox")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_label("It is Mina again, in another pose")).to_be_checked()
    page.keyboard.press("Space")
    assert visit.requests_to("/api/generate") == [], "Enter sends nothing before its time"
    tab_to("#start")
    page.keyboard.press("Enter")

    visit.until_started()
    expect(page.get_by_role("heading", name="Mina’s book")).to_be_focused()
    expect(visit.card("Ember")).to_be_visible()
