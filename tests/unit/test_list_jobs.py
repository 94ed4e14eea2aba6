"""jobs: an owner's books page by page, and what a client can say wrong."""

import base64
from datetime import UTC, datetime, timedelta

import flask
import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.test import EnvironBuilder

import main
from functions.api.answers import JobListModel
from functions.api.paging import cursor_of, place_of
from functions.api.problems import Problem
from shared.settings import settings
from shared.usecases.list_jobs import Place, list_jobs
from tests.fakes.world import OWNER
from tests.unit.calling import call


def ask(**query):
    return call(main.jobs, query_string=query)


def made(world, count):
    """So many books, each a minute after the one before, the newest first."""
    books = []
    for number in range(count):
        world.now += timedelta(minutes=1)
        books.insert(0, world.start(members=1, key=f"key {number}", task=f"task {number}"))
    return books


def ids(answer):
    return [job["jobId"] for job in answer.json["jobs"]]


def test_jobs_come_with_what_a_list_shows(world):
    (book,) = made(world, 1)
    world.run()

    answer = ask()

    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "private, no-cache"
    (job,) = answer.json["jobs"]
    at = {name: job.pop(name) for name in ("createdAt", "updatedAt", "completedAt")}
    assert job == {
        "jobId": book.job.job_id,
        "status": "succeeded",
        "completed": True,
        "error": None,
        "studentTaskId": "task 0",
        "fairytaleId": "42",
        "imageCount": 2,
        "remaining": 0,
        "succeeded": 2,
        "failed": 0,
        "canceled": 0,
        "statusUrl": f"{settings().functions_url}/status?jobId={book.job.job_id}",
    }
    assert at["createdAt"] == "2026-05-01T09:01:00Z" < at["completedAt"] == at["updatedAt"]
    JobListModel.model_validate(answer.json, extra="forbid")


def test_pages_follow_one_another_the_newest_first(world):
    books = made(world, 5)

    first = ask(limit=2)
    second = ask(limit=2, cursor=first.json["nextCursor"])
    third = ask(limit=2, cursor=second.json["nextCursor"])

    assert ids(first) + ids(second) + ids(third) == [book.job.job_id for book in books]
    assert third.json["nextCursor"] is None


def test_after_a_full_page_there_may_be_nothing(world):
    made(world, 2)

    full = ask(limit=2)
    rest = ask(limit=2, cursor=full.json["nextCursor"])

    assert rest.json == {"jobs": [], "nextCursor": None}


def test_twenty_jobs_are_a_page_if_nothing_is_said(world):
    made(world, 21)

    assert len(ids(ask())) == 20
    assert len(ids(ask(limit=100))) == 21


def test_nobody_sees_the_jobs_of_others_whatever_the_cursor(world):
    (book,) = made(world, 1)
    place = Place(created_at=world.now + timedelta(days=1), job_id=book.job.job_id)

    assert list_jobs(world.services, OWNER, 10, place).jobs == (book.job,)
    assert list_jobs(world.services, "somebody else", 10, place).jobs == ()


def test_nothing_is_written(world):
    made(world, 2)
    before = dict(world.store._documents)

    ask()

    assert world.store._documents == before


def test_head_is_answered(world):
    assert call(main.jobs, method="HEAD").status_code == 200


@pytest.mark.parametrize(
    "limit", ["", "0", "101", "1000", "-1", "+5", " 5", "5.0", "1e1", "five", "٥", "9" * 5000]
)
def test_a_wrong_limit_is_told(world, limit):
    answer = ask(limit=limit)

    assert (answer.status_code, answer.json["code"]) == (400, "invalid_limit")
    assert "from 1 to 100" in answer.json["detail"]


def encoded(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


JOB = "a" * 26


@pytest.mark.parametrize(
    "cursor",
    [
        "",
        "x",
        "=",
        "!" * 40,
        "a" * 65,
        "가나다라",
        encoded("nonsense"),
        encoded(f"1.{JOB}x"),
        encoded(f"-1.{JOB}"),
        encoded(f"{'9' * 17}.{JOB.upper()}"),
        encoded(f"{'9' * 18}.{JOB}"),
        encoded(f"01.{JOB}"),
        encoded(f"1.{JOB}") + "=",
        base64.urlsafe_b64encode(b"\xff" * 30).decode(),
    ],
)
def test_a_wrong_cursor_is_told(world, cursor):
    answer = ask(cursor=cursor)

    assert (answer.status_code, answer.json["code"]) == (400, "invalid_cursor")
    assert "nextCursor" in answer.json["detail"]


def place_in(**query) -> Place | None:
    return place_of(flask.Request(EnvironBuilder(query_string=query).get_environ()))


@given(st.integers(0, 10**17 - 1), st.text("abz27", min_size=26, max_size=26))
def test_a_cursor_means_the_place_that_it_was_made_of(microseconds, job_id):
    created_at = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=microseconds)
    place = Place(created_at=created_at, job_id=job_id)

    assert place_in(cursor=cursor_of(place)) == place


@given(st.text() | st.binary().map(lambda b: base64.urlsafe_b64encode(b).decode().rstrip("=")))
def test_any_other_text_is_a_problem_and_no_crash(text):
    with pytest.raises(Problem) as refused:
        place_in(cursor=text)
    assert refused.value.code == "invalid_cursor"
