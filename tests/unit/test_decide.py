"""The life of an image, cell by cell: every state meets every observation.

A cell is "status, next step + what the world is asked"; whatever is not in the table changes
nothing at all. Read it as the specification of `shared.domain.decide`.
"""

from dataclasses import replace
from datetime import timedelta

import pytest

from shared.domain.ask import StorePicture, SubmitImagine
from shared.domain.decide import decide
from shared.domain.failure import FailureCode
from shared.domain.image import ImageStatus, Role, Step, Submission
from shared.domain.observation import (
    Accepted,
    Busy,
    Missing,
    Phase,
    Sighting,
    StoreFailed,
    Unreachable,
    Unsure,
    Woken,
)
from tests.fakes.world import POLICY
from tests.unit import images
from tests.unit.images import NOW, OBSERVATIONS, STATES, told

TABLE: dict[str, dict[str, str]] = {
    "waiting": {
        "reference ready": "queued, expire",
        "reference failed": "failed, end",
        "cancel": "canceled, end",
        "gave up": "failed, end",
    },
    "queued": {
        "admitted": "painting, imagine + SubmitImagine",
        "cancel": "canceled, end",
        "gave up": "failed, end",
    },
    "imagine": {
        "woken": "painting, imagine + SubmitImagine",
        "cancel": "canceled, end",
        "gave up": "failed, end",
    },
    "imagine claimed": {
        "woken": "Find",
        "accepted": "painting, watch_imagine",
        "busy": "queued, expire",
        "refused": "failed, end",
        "unsure": "painting, imagine",
        "parent lost": "painting, imagine",
        "seen waiting": "painting, watch_imagine",
        "seen working": "painting, watch_imagine",
        "seen done": "upscaling, upscale + ChooseCandidate",
        "seen done, no picture": "painting, imagine",
        "seen failed": "painting, imagine",
        "seen refused": "failed, end",
        "missing": "painting, imagine",
        "missing, searched": "painting, imagine",
        "unreachable": "painting, imagine",
        "gave up": "failed, end",
    },
    "imagine abandoned": {
        "woken": "Find",
        "accepted": "painting, watch_imagine",
        "busy": "queued, expire",
        "refused": "failed, end",
        "unsure": "painting, imagine",
        "parent lost": "painting, imagine",
        "seen waiting": "painting, watch_imagine",
        "seen working": "painting, watch_imagine",
        "seen done": "upscaling, upscale + ChooseCandidate",
        "seen done, no picture": "painting, imagine",
        "seen failed": "painting, imagine",
        "seen refused": "failed, end",
        "missing": "painting, imagine",
        "missing, searched": "painting, imagine",
        "unreachable": "painting, imagine",
        "cancel": "canceled, drain",
        "gave up": "failed, end",
    },
    "watch imagine": {
        "woken": "Look",
        "seen waiting": "painting, watch_imagine",
        "seen working": "painting, watch_imagine",
        "seen done": "upscaling, upscale + ChooseCandidate",
        "seen done, no picture": "painting, imagine",
        "seen failed": "painting, imagine",
        "seen refused": "failed, end",
        "missing": "Find",
        "missing, searched": "painting, imagine",
        "unreachable": "painting, watch_imagine",
        "cancel": "canceled, drain",
        "gave up": "failed, end",
    },
    "describe": {
        "woken": "painting, describe + SubmitDescribe",
        "cancel": "canceled, end",
        "gave up": "failed, end",
    },
    "describe claimed": {
        "woken": "Find",
        "accepted": "painting, watch_describe",
        "busy": "painting, describe",
        "refused": "painting, imagine + SubmitImagine",
        "unsure": "painting, describe",
        "parent lost": "painting, imagine",
        "seen waiting": "painting, watch_describe",
        "seen working": "painting, watch_describe",
        "seen done": "painting, imagine + SubmitImagine",
        "seen done, no picture": "painting, imagine + SubmitImagine",
        "seen failed": "painting, describe",
        "seen refused": "painting, imagine + SubmitImagine",
        "missing": "painting, describe",
        "missing, searched": "painting, describe",
        "unreachable": "painting, describe",
        "gave up": "failed, end",
    },
    "watch describe": {
        "woken": "Look",
        "seen waiting": "painting, watch_describe",
        "seen working": "painting, watch_describe",
        "seen done": "painting, imagine + SubmitImagine",
        "seen done, no picture": "painting, imagine + SubmitImagine",
        "seen failed": "painting, describe",
        "seen refused": "painting, imagine + SubmitImagine",
        "missing": "Find",
        "missing, searched": "painting, describe",
        "unreachable": "painting, watch_describe",
        "cancel": "canceled, drain",
        "gave up": "failed, end",
    },
    "upscale, undecided": {
        "woken": "ChooseCandidate",
        "candidate chosen": "upscaling, upscale + SubmitUpscale",
        "candidate unknown": "upscaling, upscale + SubmitUpscale",
        "cancel": "canceled, end",
        "gave up": "failed, end",
    },
    "upscale": {
        "woken": "upscaling, upscale + SubmitUpscale",
        "cancel": "canceled, end",
        "gave up": "failed, end",
    },
    "upscale claimed": {
        "woken": "Find",
        "accepted": "upscaling, watch_upscale",
        "busy": "upscaling, upscale",
        "refused": "failed, end",
        "unsure": "upscaling, upscale",
        "parent lost": "painting, imagine",
        "seen waiting": "upscaling, watch_upscale",
        "seen working": "upscaling, watch_upscale",
        "seen done": "post_processing, store",
        "seen done, no picture": "upscaling, upscale",
        "seen failed": "upscaling, upscale",
        "seen refused": "failed, end",
        "missing": "upscaling, upscale",
        "missing, searched": "upscaling, upscale",
        "unreachable": "upscaling, upscale",
        "gave up": "failed, end",
    },
    "another one claimed": {
        "woken": "Find",
        "accepted": "upscaling, watch_upscale",
        "busy": "upscaling, upscale",
        "refused": "succeeded, end",
        "unsure": "upscaling, upscale",
        "parent lost": "succeeded, end",
        "seen waiting": "upscaling, watch_upscale",
        "seen working": "upscaling, watch_upscale",
        "seen done": "post_processing, store",
        "seen done, no picture": "upscaling, upscale",
        "seen failed": "upscaling, upscale",
        "seen refused": "succeeded, end",
        "missing": "upscaling, upscale",
        "missing, searched": "upscaling, upscale",
        "unreachable": "upscaling, upscale",
        "gave up": "succeeded, end",
    },
    "watch upscale": {
        "woken": "Look",
        "seen waiting": "upscaling, watch_upscale",
        "seen working": "upscaling, watch_upscale",
        "seen done": "post_processing, store",
        "seen done, no picture": "upscaling, upscale",
        "seen failed": "upscaling, upscale",
        "seen refused": "failed, end",
        "missing": "Find",
        "missing, searched": "upscaling, upscale",
        "unreachable": "upscaling, watch_upscale",
        "cancel": "canceled, drain",
        "gave up": "failed, end",
    },
    "store": {
        "woken": "StorePicture",
        "seen waiting": "StorePicture",
        "seen working": "StorePicture",
        "seen done": "StorePicture",
        "seen done, no picture": "StorePicture",
        "seen failed": "StorePicture",
        "seen refused": "StorePicture",
        "missing": "StorePicture",
        "missing, searched": "StorePicture",
        "unreachable": "StorePicture",
        "stored": "succeeded, end",
        "store failed": "post_processing, store",
        "cancel": "canceled, end",
        "gave up": "failed, end",
    },
    "drain": {
        "woken": "Look",
        "seen waiting": "canceled, drain",
        "seen working": "canceled, drain",
        "seen done": "canceled, end",
        "seen done, no picture": "canceled, end",
        "seen failed": "canceled, end",
        "seen refused": "canceled, end",
        "missing": "canceled, end",
        "missing, searched": "canceled, end",
        "unreachable": "canceled, drain",
    },
    "succeeded": {
        "regenerate": "queued, expire",
        "another one": "queued, expire",
    },
    "failed": {
        "regenerate": "queued, expire",
        "another one": "queued, expire",
    },
    "canceled": {
        "regenerate": "queued, expire",
        "another one": "queued, expire",
    },
}


@pytest.mark.parametrize("observation", OBSERVATIONS)
@pytest.mark.parametrize("state", STATES)
def test_table(state, observation):
    decision = decide(STATES[state], OBSERVATIONS[observation], NOW, POLICY)

    assert told(decision) == TABLE[state].get(observation, "-")
    assert decision.changed == (decision.after.seq == STATES[state].seq + 1)


# --- claims: what keeps a picture from being paid for twice --------------------------------------


def test_a_submission_is_claimed_under_a_new_token_before_it_is_asked_for():
    decision = decide(images.IMAGINE, Woken(), NOW, POLICY)

    claim = decision.after.imagine
    assert claim == Submission(
        token=f"{'0' * 32}-4", claimed_at=NOW, seed=claim.seed, rules=POLICY.prompts.version
    )
    assert isinstance(decision.ask, SubmitImagine)
    assert decision.ask.token == claim.token
    assert f"--seed {claim.seed}" in decision.ask.prompt
    assert decision.after.due_at == NOW + POLICY.claim_lease
    assert decision.after.imagine_attempts == 1


@pytest.mark.parametrize("state", [images.IMAGINE_CLAIMED, images.UPSCALE_CLAIMED])
def test_a_lost_answer_keeps_the_claim(state):
    after = decide(state, Unsure(reason="time-out"), NOW, POLICY).after

    claim, before = after.upscale or after.imagine, state.upscale or state.imagine
    assert claim == replace(before, answer_lost=True)
    assert after.due_at == NOW + POLICY.backoff_min


def test_what_is_not_found_is_not_submitted_again_before_the_lease_is_over():
    after = decide(images.IMAGINE_CLAIMED, Missing(searched=True), NOW, POLICY).after

    assert after.imagine == images.CLAIM
    assert after.due_at == images.CLAIM.claimed_at + POLICY.claim_lease


def test_what_is_not_found_after_the_lease_is_free_to_be_submitted_again():
    after = decide(images.IMAGINE_ABANDONED, Missing(searched=True), NOW, POLICY).after

    assert (after.imagine, after.imagine_attempts) == (None, 0)


@pytest.mark.parametrize("state", [images.IMAGINE_CLAIMED, images.UPSCALE_CLAIMED])
def test_an_answer_that_came_after_the_lease_proves_nothing_if_it_was_asked_for_before(state):
    ends = images.CLAIM.claimed_at + POLICY.claim_lease
    just_before = Missing(searched=True, asked_at=ends - timedelta(seconds=0.1))

    kept = decide(state, just_before, ends + timedelta(seconds=9), POLICY).after

    assert (kept.imagine, kept.upscale) == (state.imagine, state.upscale)
    at_its_end = replace(just_before, asked_at=ends)
    freed = decide(state, at_its_end, ends + timedelta(seconds=9), POLICY).after
    assert (freed.upscale or freed.imagine) != (state.upscale or state.imagine)


def test_what_is_found_is_adopted():
    seen = Sighting(task_id="55", phase=Phase.WAITING)

    after = decide(images.IMAGINE_ABANDONED, seen, NOW, POLICY).after

    assert (after.imagine.task_id, after.next_step) == ("55", Step.WATCH_IMAGINE)


def test_a_busy_painter_costs_no_attempt_and_gives_the_slot_back():
    decision = decide(images.IMAGINE_CLAIMED, Busy(reason="full"), NOW, POLICY)

    after = decision.after
    assert (after.status, after.imagine, after.imagine_attempts) == (ImageStatus.QUEUED, None, 0)
    assert (after.holds_slot, after.admit_key) == (False, after.created_at)
    assert decision.slot_freed
    assert not decision.hands_slot_on


@pytest.mark.parametrize(
    ("state", "everyone"),
    [(images.IMAGINE, False), (images.UPSCALE, True), (images.UPSCALE, False)],
)
def test_what_is_its_own_trouble_or_is_half_done_is_tried_ever_more_seldom(state, everyone):
    image, waits = state, []
    for _ in range(7):
        claimed = decide(image, Woken(), NOW, POLICY).after
        image = decide(claimed, Busy(reason="full", everyone=everyone), NOW, POLICY).after
        waits.append((image.due_at - NOW).total_seconds())

    assert (image.imagine_attempts, image.upscale_attempts) == (
        state.imagine_attempts,
        state.upscale_attempts,
    )
    assert image.holds_slot
    assert waits == [1, 2, 4, 8, 16, 30, 30]


def test_an_acceptance_is_noted_and_watched():
    after = decide(images.IMAGINE_CLAIMED, Accepted(task_id="99"), NOW, POLICY).after

    assert after.imagine == replace(images.CLAIM, task_id="99")
    assert after.due_at == NOW + POLICY.look_max / 4


# --- time limits and attempts --------------------------------------------------------------------


def _working(state, started, now):
    seen = Sighting(task_id="17", phase=Phase.WORKING, progress=40, started_at=started)
    return decide(state, seen, now, POLICY).after


@pytest.mark.parametrize(
    ("state", "seconds"), [(images.WATCH_IMAGINE, 120), (images.WATCH_UPSCALE, 30)]
)
def test_the_time_limit_counts_from_the_moment_the_painter_began(state, seconds):
    started = NOW
    before = _working(state, started, NOW + timedelta(seconds=seconds - 0.1))
    assert before.next_step is state.next_step

    after = _working(state, started, NOW + timedelta(seconds=seconds))
    assert after.next_step in {Step.IMAGINE, Step.UPSCALE}


@pytest.mark.parametrize(
    ("state", "seconds"), [(images.WATCH_IMAGINE, 120), (images.WATCH_UPSCALE, 30)]
)
def test_a_look_that_took_long_counts_by_when_it_was_asked_for(state, seconds):
    started, limit = NOW, NOW + timedelta(seconds=seconds)
    seen = Sighting(task_id="17", phase=Phase.WORKING, started_at=started)

    def seen_by(asked_at):
        late = limit + timedelta(seconds=9)
        return decide(state, replace(seen, asked_at=asked_at), late, POLICY).after

    # It may have been done in time since then.
    assert seen_by(limit - timedelta(seconds=0.1)).next_step is state.next_step
    assert seen_by(limit).next_step in {Step.IMAGINE, Step.UPSCALE}


def test_waiting_in_the_painters_own_queue_does_not_count():
    seen = Sighting(task_id="17", phase=Phase.WAITING)

    after = decide(images.WATCH_IMAGINE, seen, NOW + timedelta(minutes=10), POLICY).after

    assert (after.next_step, after.imagine.started_at) == (Step.WATCH_IMAGINE, None)


@pytest.mark.parametrize("skew", [timedelta(hours=-1), timedelta(hours=1)])
def test_a_painter_whose_clock_is_off_shortens_and_lengthens_no_limit(skew):
    after = _working(images.WATCH_IMAGINE, NOW + skew, NOW)

    assert images.CLAIM.claimed_at <= after.imagine.started_at <= NOW


def test_a_look_is_never_later_than_the_limit():
    image = _working(images.WATCH_IMAGINE, NOW, NOW + timedelta(seconds=118))

    assert image.due_at == NOW + timedelta(seconds=120)


@pytest.mark.parametrize(
    ("state", "code"),
    [
        (replace(images.WATCH_IMAGINE, imagine_attempts=3), FailureCode.PAINTING_FAILED),
        (replace(images.WATCH_UPSCALE, upscale_attempts=3), FailureCode.PAINTING_FAILED),
    ],
)
def test_the_last_failure_fails_the_image_and_frees_its_slot(state, code):
    decision = decide(state, OBSERVATIONS["seen failed"], NOW, POLICY)

    assert (decision.after.status, decision.after.error.code) == (ImageStatus.FAILED, code)
    assert decision.slot_freed
    assert decision.ended
    assert "3 times" in decision.after.error.message


@pytest.mark.parametrize(
    "state",
    # Sorted: several processes that share the tests must agree on their order.
    sorted(
        set(STATES)
        - {
            "watch describe",
            "watch imagine",
            "watch upscale",
            "describe claimed",
            "imagine claimed",
            "imagine abandoned",
            "upscale claimed",
            "another one claimed",
            "store",
            "drain",
            "succeeded",
            "failed",
            "canceled",
        }
    ),
)
def test_every_image_ends_at_its_deadline(state):
    decision = decide(STATES[state], Woken(), images.LATER, POLICY)

    assert decision.after.error.code is FailureCode.DEADLINE_EXCEEDED
    assert decision.ended
    assert not decision.after.holds_slot


@pytest.mark.parametrize("state", [images.WATCH_IMAGINE, images.WATCH_UPSCALE])
def test_a_deadline_is_kept_only_after_a_look(state):
    assert told(decide(state, Woken(), images.LATER, POLICY)) == "Look"
    for seen in ("seen working", "seen waiting", "missing", "unreachable"):
        late = decide(state, OBSERVATIONS[seen], images.LATER, POLICY).after
        assert late.error.code is FailureCode.DEADLINE_EXCEEDED
    done = decide(state, OBSERVATIONS["seen done"], images.LATER, POLICY)
    # The four pictures alone are no picture: their UPSCALE is too late, and its step says so.
    becomes = "upscaling, upscale" if state is images.WATCH_IMAGINE else "post_processing, store"
    assert told(done) == becomes


@pytest.mark.parametrize("state", [images.IMAGINE_ABANDONED, images.UPSCALE_CLAIMED])
def test_a_deadline_is_kept_only_after_a_search_for_what_may_have_been_taken(state):
    assert told(decide(state, Woken(), images.LATER, POLICY)) == "Find"
    for seen in ("seen working", "seen waiting", "missing", "unreachable"):
        late = decide(state, OBSERVATIONS[seen], images.LATER, POLICY).after
        assert late.error.code is FailureCode.DEADLINE_EXCEEDED
        assert not late.holds_slot
    done = decide(state, OBSERVATIONS["seen done"], images.LATER, POLICY)
    becomes = "post_processing, store" if state.upscale else "upscaling, upscale"
    assert told(done) == becomes


def test_a_painted_picture_is_not_given_up_at_the_deadline():
    assert isinstance(decide(images.STORE, Woken(), images.LATER, POLICY).ask, StorePicture)


def test_a_canceled_claim_keeps_its_slot_until_a_search_after_its_lease_finds_nothing():
    canceled = replace(images.DRAIN, imagine=images.CLAIM)
    ends = images.CLAIM.claimed_at + POLICY.claim_lease

    def searched(asked_at):
        seen = Missing(searched=True, asked_at=asked_at)
        return decide(canceled, seen, ends + timedelta(seconds=9), POLICY).after

    assert searched(ends - timedelta(seconds=0.1)).holds_slot
    assert not searched(ends).holds_slot


def test_draining_ends_at_its_deadline():
    after = decide(images.DRAIN, Woken(), images.LATER, POLICY).after

    assert (after.status, after.holds_slot, after.next_step) == (ImageStatus.CANCELED, False, None)


def test_storing_is_tried_again_with_a_fresh_link_and_fails_in_the_end():
    tried = decide(images.STORE, Woken(), NOW, POLICY).after
    again = decide(tried, StoreFailed(reason="404"), NOW, POLICY).after
    assert told(decide(again, Woken(), NOW, POLICY)) == "post_processing, store + Look"
    fresh = Sighting(task_id="18", phase=Phase.DONE, picture_url="https://x/fresh.png")
    assert decide(again, fresh, NOW, POLICY).ask.source_url == "https://x/fresh.png"

    last = replace(again, store_attempts=POLICY.store_attempts)
    failed = decide(last, StoreFailed(reason="404"), NOW, POLICY).after
    assert failed.error.code is FailureCode.PICTURE_UNAVAILABLE


def test_a_try_to_store_is_claimed_so_that_one_that_dies_counts():
    image, now = images.STORE, NOW
    assert not decide(image, Woken(), NOW, POLICY).changed  # what made it due is its claim
    for _ in range(POLICY.store_attempts):
        now += POLICY.store_lease  # and it dies
        decision = decide(image, Woken(), now, POLICY)
        assert decision.ask is not None
        assert decision.after.due_at == now + POLICY.store_lease
        image = decision.after
    now += POLICY.store_lease

    given_up = decide(image, Woken(), now, POLICY)

    assert (given_up.ask, given_up.after.status) == (None, ImageStatus.FAILED)
    assert given_up.after.error.code is FailureCode.PICTURE_UNAVAILABLE


def test_what_is_out_of_reach_costs_no_try_but_is_not_waited_for_for_ever():
    image = decide(images.STORE, Woken(), NOW, POLICY).after
    waits = []
    while not image.ended:
        after = decide(image, StoreFailed(reason="down", passing=True), NOW, POLICY).after
        waits.append((after.due_at or NOW) - NOW)
        image = after if after.ended else decide(after, Woken(), NOW, POLICY).after

    assert image.error.code is FailureCode.PICTURE_UNAVAILABLE
    assert timedelta(minutes=10) < sum(waits, timedelta()) < timedelta(minutes=20)


# --- the reference -------------------------------------------------------------------------------


def test_a_reference_is_ready_when_its_upscale_ends():
    hero = replace(images.WATCH_UPSCALE, role=Role.REFERENCE)

    decision = decide(hero, OBSERVATIONS["seen done"], NOW, POLICY)

    assert decision.reference_ready
    assert decision.slot_freed
    assert decision.after.fan_out_due_at == NOW + POLICY.fan_out_grace


def test_a_member_is_no_reference():
    decision = decide(images.WATCH_UPSCALE, OBSERVATIONS["seen done"], NOW, POLICY)

    assert not decision.reference_ready
    assert decision.after.fan_out_due_at is None


# --- regenerations -------------------------------------------------------------------------------


@pytest.mark.parametrize("observation", ["refused", "cancel", "gave up"])
def test_an_unhappy_regeneration_gives_the_old_picture_back(observation):
    image = replace(images.IMAGINE_ABANDONED, image_url="https://ours/old.png", generation=2)

    after = decide(image, OBSERVATIONS[observation], NOW, POLICY).after

    assert (after.status, after.image_url) == (ImageStatus.SUCCEEDED, "https://ours/old.png")
    assert after.error is not None


def test_a_regeneration_waits_until_a_canceled_painting_has_left_its_slot():
    assert not decide(images.DRAIN, OBSERVATIONS["regenerate"], NOW, POLICY).changed


def test_an_unreachable_painter_is_looked_for_ever_more_seldom():
    image, waits = images.WATCH_IMAGINE, []
    for _ in range(3):
        image = decide(image, Unreachable(reason="down"), NOW, POLICY).after
        waits.append((image.due_at - NOW).total_seconds())

    assert waits == [1, 2, 4]
