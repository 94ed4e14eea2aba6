"""The book while it is painted: both ways to watch it, and everything that can be asked for."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import WAYS, Studio, Visit

Both = Callable[[str], tuple[Visit, Visit]]


@pytest.fixture
def both(visitor: Callable[..., Visit]) -> Both:
    """Two people at the same book: one's page listens, the other's polls."""

    def come(job_id: str) -> tuple[Visit, Visit]:
        listening, polling = visitor(), visitor()
        for visit, way in zip((listening, polling), WAYS, strict=True):
            visit.book(job_id, way)
        return listening, polling

    return come


def test_both_ways_see_a_picture_grow(both: Both, studio: Studio) -> None:
    tale = studio.tale(prompt="a slow girl")
    studio.hold("IMAGINE", "slow girl", 46)
    visits = both(studio.begin(tale))

    for visit in visits:
        visit.until_seen(visit.picture("Mina"), "partial")
        expect(visit.card("Ember").get_by_text("waits for Mina")).to_be_visible()
        expect(visit.page).to_have_title(re.compile(r"^\d+ % · Mina’s book"))
    studio.hold("UPSCALE", "slow girl", 50)
    for visit in visits:
        visit.until_seen(visit.picture("Mina"), "grid")
    studio.faults()
    for visit in visits:
        visit.until_finished()
        visit.until_seen(visit.picture("Mina"), "final")
        ground = visit.picture("Mina").evaluate("it => getComputedStyle(it).backgroundImage")
        assert "conic-gradient" in ground, "the chequered ground"
        expect(visit.page.locator("#announcer")).to_contain_text("The book is finished.")
        expect(visit.page).to_have_title(re.compile("^Mina’s book"))

    listening, polling = visits
    assert listening.requests_to("/api/status") == []
    assert polling.requests_to("firestore") == []
    first, *others = polling.requests_to("/api/status")
    assert "if-none-match" not in first
    assert others
    assert all("if-none-match" in headers for headers in others)


def test_a_picture_is_painted_again(both: Both, studio: Studio) -> None:
    job_id = studio.finished()
    before = studio.status(job_id)["images"][1]
    studio.hold("IMAGINE", "green fox", 60)
    listening, polling = both(job_id)
    card = listening.card("Ember")
    card.get_by_role("button", name="Paint Ember again").click()
    words = card.get_by_label("The same words, or other ones")
    expect(words).to_be_focused()
    words.fill("a green fox")
    card.get_by_role("button", name="Paint", exact=True).click()
    # A book that is completed is not asked about again, unless somebody looks at it.
    polling.page.reload()

    for visit in (listening, polling):
        card, shown = visit.card("Ember"), visit.picture("Ember").locator("img")
        visit.until_seen(card.locator(".inset"), "partial")
        expect(card.get_by_text("The old picture stays until")).to_be_visible()
        expect(shown).to_have_attribute("src", before["imageUrl"])
    studio.faults()
    for visit in (listening, polling):
        visit.until_finished()
        shown = visit.picture("Ember").locator("img")
        expect(shown).not_to_have_attribute("src", before["imageUrl"])
        expect(visit.card("Ember").get_by_text("a green fox", exact=True)).to_be_visible()
    assert studio.status(job_id)["images"][1]["generation"] == before["generation"] + 1


@pytest.mark.parametrize("way", WAYS)
def test_another_candidate_is_taken(visit: Visit, studio: Studio, book: str, way: str) -> None:
    now = studio.until_completed(book)["images"][1]
    visit.book(book, way)
    other = now["candidate"] % 4 + 1
    visit.card("Ember").get_by_role("button", name=f"Ember: take picture {other}").click()
    shown = visit.card("Ember").get_by_role("button", name=f"Ember: picture {other} is shown")
    expect(shown).to_have_attribute("aria-pressed", "true")
    expect(visit.picture("Ember").locator("img")).not_to_have_attribute("src", now["imageUrl"])
    visit.until_finished()
    assert studio.status(book)["images"][1]["candidate"] == other


def test_a_picture_that_fails_says_why_and_is_tried_with_other_words(
    both: Both, studio: Studio
) -> None:
    refused = {"reason": "[Banned prompt detected]", "times": None}
    studio.faults({"kind": "fail", "action": "IMAGINE", "prompt_contains": "orange fox"} | refused)
    listening, polling = both(studio.begin())
    for visit in (listening, polling):
        card = visit.card("Ember")
        expect(card.get_by_text("did not work out")).to_be_visible()
        refusal = "The painter didn’t want to paint this. Paint it again with other words."
        expect(card.locator(".notes.bad")).to_have_text(refusal)
        visit.until_finished()
        expect(visit.page.locator("#book-status")).to_have_text(
            "2 of 3 pictures are ready. The others can be painted again."
        )
        visit.until_seen(visit.picture("Forest"), "final")

    polling.expect_trouble("422")
    card = polling.card("Ember")
    card.get_by_role("button", name="Paint Ember again").click()
    words = card.get_by_label("The same words, or other ones")
    words.fill("a fox in lingerie")
    card.get_by_role("button", name="Paint", exact=True).click()
    expect(words).to_have_accessible_description(
        "The painter doesn’t take “lingerie”. Say it with other words."
    )
    words.fill("a fox in a coat")
    card.get_by_role("button", name="Paint", exact=True).click()
    for visit in (listening, polling):
        visit.until_seen(visit.picture("Ember"), "final")
        expect(visit.page.locator("#book-status")).to_have_text(
            "The book is finished. All 3 pictures are ready."
        )


def test_painting_is_stopped(both: Both, studio: Studio) -> None:
    studio.hold("IMAGINE", "never finished", 30)
    job_id = studio.begin(studio.tale(prompt="a never finished girl"))
    listening, polling = both(job_id)
    page = listening.page
    page.get_by_role("button", name="Stop painting").click()
    question = page.get_by_role("dialog", name="Stop painting?")
    page.keyboard.press("Escape")
    expect(question).not_to_be_visible()
    page.get_by_role("button", name="Stop painting").click()
    question.get_by_role("button", name="Stop", exact=True).click()

    for visit in (listening, polling):
        expect(visit.page.locator("#book-status")).to_have_text(
            "You stopped this book. 0 of 3 pictures are ready."
        )
        for name in ("Mina", "Ember", "Forest"):
            expect(visit.card(name).get_by_text("was stopped")).to_be_visible()
            expect(visit.card(name).locator(".notes")).to_be_empty()
        expect(visit.page.get_by_role("button", name="Stop painting")).not_to_be_visible()
    assert studio.status(job_id)["status"] == "canceled"
    assert len(listening.requests_to("/api/cancel")) == 1, "Escape said no"


def test_a_lost_connection_heals_in_both_ways(both: Both, studio: Studio) -> None:
    studio.hold("IMAGINE", "held up", 9)
    job_id = studio.begin(studio.tale(prompt="a girl who is held up"))
    visits = both(job_id)
    for visit in visits:
        # What the SDK and the browser say of it; the SDK also asks another host for a picture, to
        # see whether there is a network, which the page's policy does not let it.
        visit.expect_trouble("ERR_INTERNET_DISCONNECTED", "Content Security Policy", "ERR_FAILED")
        visit.context.set_offline(True)
    for visit in visits:
        expect(visit.page.locator("#connection")).to_contain_text("The connection is lost.")
    studio.faults()
    studio.until_completed(job_id)
    for visit in visits:
        expect(visit.page.locator("#book")).to_have_attribute("data-completed", "false")
        visit.context.set_offline(False)
    for visit in visits:
        visit.until_finished()
        expect(visit.page.locator("#connection")).to_be_empty()
        for name in ("Mina", "Ember", "Forest"):
            visit.until_seen(visit.picture(name), "final")


def test_listening_tells_when_firestore_alone_is_out_of_reach(visit: Visit, studio: Studio) -> None:
    studio.hold("IMAGINE", "cut off", 9)
    job_id = studio.begin(studio.tale(prompt="a girl who is cut off"))
    visit.book(job_id)
    # What the SDK does by itself, half a minute after its server went silent.
    network = """async (name) => {
      const sdk = await import("/vendor/firestore.js");
      await sdk[name](sdk.getFirestore());
    }"""
    visit.page.evaluate(network, "disableNetwork")
    expect(visit.page.locator("#connection")).to_contain_text("The connection is lost.")
    studio.faults()
    studio.until_completed(job_id)
    expect(visit.page.locator("#book")).to_have_attribute("data-completed", "false")
    visit.page.evaluate(network, "enableNetwork")
    visit.until_finished()
    expect(visit.page.locator("#connection")).to_be_empty()


def test_polling_waits_out_a_server_in_trouble(visit: Visit, studio: Studio) -> None:
    visit.expect_trouble("503", "502")
    job_id = studio.begin()
    answers: list[Any] = [503, 502, 503]

    def trouble(route: Any) -> None:
        if not answers:
            route.continue_()
            return
        body = '{"code": "temporarily_unavailable"}'
        route.fulfill(
            status=answers.pop(),
            headers={"Retry-After": "1"},
            content_type="application/problem+json",
            body=body,
        )

    visit.page.route("**/api/status*", trouble)
    visit.watches_by("polling")
    visit.page.goto(f"{studio.url}?job={job_id}")
    expect(visit.page.locator("#connection")).to_contain_text("The connection is lost.")
    visit.until_finished()
    expect(visit.page.locator("#connection")).to_be_empty()


def test_the_way_to_watch_is_changed_on_the_page(visit: Visit, studio: Studio) -> None:
    page = visit.book(studio.begin())
    expect(page.get_by_label("It listens.")).to_be_checked()
    page.get_by_label("It asks.").check()
    visit.until_finished()
    assert visit.requests_to("/api/status")

    page.reload()
    expect(page.get_by_label("It asks.")).to_be_checked()
    expect(visit.card("Forest")).to_be_visible()
    page.get_by_label("It listens.").check()
    visit.card("Forest").get_by_role("button", name="Paint Forest again").click()
    visit.card("Forest").get_by_role("button", name="Paint", exact=True).click()
    expect(page.locator("#book")).to_have_attribute("data-completed", "false")
    visit.until_finished()


@pytest.mark.parametrize("way", WAYS)
def test_a_book_that_is_not_there(visit: Visit, studio: Studio, way: str) -> None:
    visit.expect_trouble("404")
    visit.watches_by(way)
    visit.page.goto(f"{studio.url}?job={'a' * 26}")
    expect(visit.page.get_by_role("heading", name="There is no such book")).to_be_visible()
    expect(visit.page.get_by_text("There is no book at this address")).to_be_visible()
    visit.page.get_by_role("link", name="Make another book").click()
    expect(visit.page.get_by_role("heading", name="Let’s make a book")).to_be_visible()
    visit.page.go_back()
    expect(visit.page.get_by_role("heading", name="There is no such book")).to_be_visible()
