"""Whatever happens to an image, in whatever order: what always holds."""

import itertools
from dataclasses import replace
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from shared.domain.decide import decide
from shared.domain.image import ENDED, Image, ImageStatus, Kind, Role, Step
from shared.domain.observation import Phase, RegenerateRequested, Sighting, Woken
from shared.domain.prompts import build_prompt, clean
from tests.fakes.world import POLICY
from tests.unit.images import LATER, NOW, OBSERVATIONS, STATES

sightings = st.builds(
    Sighting,
    task_id=st.just("17"),
    phase=st.sampled_from(Phase),
    progress=st.none() | st.integers(0, 100),
    picture_url=st.none() | st.just("https://x/picture.png"),
    started_at=st.none() | st.datetimes(NOW.replace(tzinfo=None)).map(
        lambda moment: moment.replace(tzinfo=NOW.tzinfo)
    ),
)  # fmt: skip
observations = st.sampled_from(list(OBSERVATIONS.values())) | sightings
happenings = st.lists(st.tuples(observations, st.integers(0, 90)), max_size=30)
starts = st.sampled_from(list(STATES.values()))


def live(image: Image, happenings) -> list[Image]:
    """The image after each happening, which is an observation and the seconds since the last."""
    lives, now = [image], NOW
    for observation, seconds in happenings:
        now += timedelta(seconds=seconds)
        lives.append(decide(lives[-1], observation, now, POLICY).after)
    return lives


@given(starts, happenings)
def test_progress_never_falls_within_a_generation(start, happenings):
    lives = live(start, happenings)

    for before, after in itertools.pairwise(lives):
        assert after.generation > before.generation or after.progress >= before.progress
        assert 0 <= after.progress <= 100


@given(starts, happenings)
def test_every_change_moves_the_fencing_token_on(start, happenings):
    lives = live(start, happenings)

    for before, after in itertools.pairwise(lives):
        assert after.seq == before.seq + (after is not before)
        assert after.generation - before.generation in {0, 1}


@given(starts, happenings)
def test_the_fields_agree_with_each_other(start, happenings):
    for image in live(start, happenings):
        assert (image.next_step is None) == (image.due_at is None)
        assert (image.admit_key is not None) == (image.status is ImageStatus.QUEUED)
        if image.ended:
            assert image.next_step in {None, Step.DRAIN}
        at_work = image.status in {ImageStatus.PAINTING, ImageStatus.UPSCALING}
        assert image.holds_slot == (at_work or image.next_step is Step.DRAIN)
        assert image.status is not ImageStatus.SUCCEEDED or image.image_url is not None


@given(starts, happenings)
def test_a_finished_picture_never_disappears(start, happenings):
    lives = live(start, happenings)

    for before, after in itertools.pairwise(lives):
        assert before.image_url is None or after.image_url is not None


@given(starts, happenings)
def test_what_has_ended_stays_as_it_is_until_it_is_regenerated(start, happenings):
    lives = live(start, happenings)

    for before, after, (observation, _) in zip(lives, lives[1:], happenings, strict=False):
        if before.ended and not isinstance(observation, RegenerateRequested):
            assert (after.status, after.error) == (before.status, before.error)


@settings(max_examples=200)
@given(starts, happenings, st.data())
def test_every_path_ends(start, happenings, data):
    """After anything at all, waking the image when it is due brings it to an end by itself."""
    image, now = live(start, happenings)[-1], LATER - timedelta(hours=1)
    for _ in range(3000):
        if image.next_step is None:
            break
        now = max(now, image.due_at)
        decision = decide(image, Woken(), now, POLICY)
        while decision.ask is not None:
            answers = ANSWERS[type(decision.ask).__name__]
            answer = OBSERVATIONS[data.draw(st.sampled_from(answers))]
            decision = decide(decision.after, answer, now, POLICY)
        image = decision.after
    assert image.status in ENDED
    assert not image.holds_slot


ANSWERS = {
    "SubmitDescribe": ["accepted", "busy", "refused", "unsure"],
    "ChooseCandidate": ["candidate chosen", "candidate unknown"],
    "SubmitImagine": ["accepted", "busy", "refused", "unsure"],
    "SubmitUpscale": ["accepted", "busy", "refused", "unsure", "parent lost"],
    "Look": ["seen waiting", "seen working", "seen done", "seen failed", "missing", "unreachable"],
    "Find": ["seen waiting", "seen done", "missing, searched", "unreachable"],
    "StorePicture": ["stored", "store failed"],
}


@given(st.text())
def test_cleaned_words_hold_no_parameter_and_cleaning_twice_changes_nothing(text):
    words = clean(text)

    assert clean(words) == words
    assert "--" not in words
    assert not any(word.startswith("-") for word in words.split())
    assert "::" not in words
    assert "http" not in words.lower() or "://" not in words
    assert words == " ".join(words.split())


@given(st.text(min_size=1), st.integers(0, 2**32 - 1), st.sampled_from(Kind), st.sampled_from(Role))
def test_a_prompt_is_one_line_with_its_parameters_last(text, seed, kind, role):
    image = replace(STATES["queued"], prompt=text, kind=kind, role=role)

    prompt = build_prompt(image, seed, POLICY.prompts)

    assert prompt.splitlines() == [prompt]
    assert "  " not in prompt
    parameters = prompt[prompt.index(" --") :]
    assert parameters.endswith(f"--seed {seed} --v 7")
    assert role is Role.REFERENCE or "--sref https://x/ref.png" in parameters
