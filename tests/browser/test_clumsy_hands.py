"""Who clicks twice, goes back in the middle, or looks for what is gone."""

import json

import pytest
import requests
from playwright.sync_api import Page, expect

from tests.browser.conftest import WAYS, Studio, Visit


def number_of_wishes(visit: Visit) -> int:
    return len(visit.requests_to("/api/regenerate"))


def put_on_shelf(page: Page, job_id: str) -> None:
    """As if the book had been made in this browser long ago."""
    kept = json.dumps([{"jobId": job_id, "hero": "Mina", "at": 86_400_000}])
    page.evaluate("kept => localStorage['studio.books'] = kept", kept)
    page.reload()


@pytest.mark.parametrize("way", WAYS)
def test_two_clicks_ask_once(visit: Visit, studio: Studio, way: str) -> None:
    job_id = studio.finished()
    candidate = studio.status(job_id)["images"][1]["candidate"] % 4 + 1
    visit.book(job_id, way)
    fox, forest = visit.card("Ember"), visit.card("Forest")

    fox.get_by_role("button", name=f"Ember: take picture {candidate}").dblclick()
    expect(fox.locator(f".four button:nth-child({candidate})")).to_have_attribute(
        "aria-pressed", "true"
    )
    forest.get_by_role("button", name="Paint Forest again").click()
    forest.get_by_role("button", name="Paint", exact=True).dblclick()
    expect(forest.get_by_label("The same words, or other ones")).not_to_be_visible()

    visit.until_finished()
    assert number_of_wishes(visit) == 2
    for card in (fox, forest):
        expect(card.locator(".problem")).not_to_be_visible()


def test_going_back_leaves_what_lies_over_the_book(visit: Visit, book: str) -> None:
    page = visit.make()
    put_on_shelf(page, book)
    page.locator("#shelf a").click()
    page.get_by_role("button", name="Look closely at Mina").click()
    expect(page.get_by_role("dialog", name="Mina")).to_be_visible()
    page.go_back()
    expect(page.get_by_role("heading", name="Let’s make a book")).to_be_visible()
    expect(page.get_by_role("dialog")).not_to_be_visible()


def test_what_has_ended_is_not_stopped(visit: Visit, studio: Studio) -> None:
    studio.hold("IMAGINE", "nearly ready", 60)
    job_id = studio.begin(studio.tale(prompt="a nearly ready girl"))
    page = visit.book(job_id)
    page.get_by_role("button", name="Stop painting").click()
    question = page.get_by_role("dialog", name="Stop painting?")
    expect(question.get_by_role("button", name="Go on painting")).to_be_focused()
    studio.faults()
    visit.until_finished()
    expect(question).not_to_be_visible()
    assert visit.requests_to("/api/cancel") == []


def test_the_skip_link_leaves_the_book_as_it_is(visit: Visit, book: str) -> None:
    page = visit.book(book)
    card = visit.card("Mina").element_handle()
    page.get_by_role("link", name="Skip to the book").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()
    page.wait_for_url("**#main")
    page.go_back()
    page.wait_for_url(f"**/?job={book}")
    assert card.evaluate("card => card.isConnected"), "it was not laid out anew"


def test_the_focus_goes_along_to_the_form(visit: Visit, book: str) -> None:
    page = visit.book(book)
    page.get_by_role("link", name="Make another book").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()


@pytest.mark.parametrize("way", WAYS)
def test_no_such_book_in_another_language(visit: Visit, studio: Studio, way: str) -> None:
    visit.expect_trouble("404")
    visit.watches_by(way)
    page = visit.page
    page.goto(f"{studio.url}?job={'a' * 26}")
    expect(page.get_by_role("heading", name="There is no such book")).to_be_visible()
    page.get_by_label("한국어").check()
    expect(page.get_by_role("heading", name="그런 책이 없어요")).to_be_visible()
    expect(page.locator("#book-problem")).to_contain_text("이 주소에는 책이 없거나")
    page.get_by_role("link", name="다른 책 만들기").click()
    expect(page).to_have_title("동화 스튜디오")


def test_a_book_that_is_deleted_while_it_is_looked_at(visit: Visit, studio: Studio) -> None:
    job_id = studio.finished()
    page = visit.book(job_id)
    url = f"{studio.stack.functions_url}/delete"
    answer = requests.post(url, json={"jobId": job_id}, timeout=60)
    assert answer.status_code == 200, answer.text
    expect(page.get_by_role("heading", name="There is no such book")).to_be_visible()
    expect(page.get_by_role("article")).to_have_count(0)
    expect(page.get_by_role("link", name="Download all")).not_to_be_visible()


def test_looking_at_a_book_again_makes_it_no_younger(visit: Visit, book: str) -> None:
    page = visit.make()
    put_on_shelf(page, book)
    page.get_by_role("link", name="Mina’s book, Jan 2, 1970").click()
    visit.until_finished()
    page.get_by_role("link", name="Make another book").click()
    expect(page.get_by_role("link", name="Mina’s book, Jan 2, 1970")).to_be_visible()


def test_what_is_being_made_stays_while_there_is_no_connection(visit: Visit) -> None:
    visit.expect_trouble("ERR_INTERNET_DISCONNECTED")
    page = visit.make()
    page.get_by_label("Name").first.fill("Mina")
    page.get_by_label("Who is it?").fill("a brave girl")
    visit.context.set_offline(True)
    expect(page.locator("#connection")).to_contain_text("what you have made stays here")
    page.get_by_role("button", name="Paint my book").click()
    expect(page.get_by_text("The studio can’t be reached.")).to_be_visible()
    visit.context.set_offline(False)
    expect(page.locator("#connection")).to_be_empty()
    page.get_by_role("button", name="Paint my book").click()
    visit.until_started()
    expect(visit.card("Mina")).to_be_visible()


def test_a_reload_while_it_is_sent_makes_no_second_book(visit: Visit) -> None:
    page = visit.make()
    page.get_by_label("Name").first.fill("Mina")
    page.get_by_label("Who is it?").fill("a girl who is in a hurry")
    page.route("**/api/generate", lambda route: route.fetch())  # the answer never comes
    with page.expect_request("**/api/generate") as sent:
        page.get_by_role("button", name="Paint my book").click()
    page.reload()
    page.unroute("**/api/generate")
    expect(page.get_by_label("Name").first).to_have_value("Mina")
    with page.expect_request("**/api/generate") as again:
        page.get_by_role("button", name="Paint my book").click()
    visit.until_started()
    key = "idempotency-key"
    assert again.value.headers[key] == sent.value.headers[key]


def test_a_book_that_is_in_the_way_can_be_looked_at(visit: Visit, studio: Studio) -> None:
    visit.expect_trouble("409")
    studio.hold("IMAGINE", "in the way", 30)
    page = visit.make()
    page.get_by_label("Name").first.fill("Mina")
    page.get_by_label("Who is it?").fill("a girl who is in the way")
    task = page.evaluate("JSON.parse(sessionStorage['studio.draft']).task")
    job_id = studio.begin(studio.tale(prompt="a girl who is in the way") | {"studentTaskId": task})
    page.get_by_role("button", name="Paint my book").click()
    expect(page.get_by_text("This book is being painted already.")).to_be_visible()
    page.get_by_role("link", name="Look at it").click()
    assert visit.until_started() == job_id
    expect(visit.card("Ember")).to_be_visible()
