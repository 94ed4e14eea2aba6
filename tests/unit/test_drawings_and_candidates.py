"""Books with drawings, likenesses and chosen candidates, in the world of fakes."""

from dataclasses import replace
from datetime import timedelta

import pytest

from shared.domain.decide import decide
from shared.domain.failure import FailureCode
from shared.domain.image import ImageStatus, Submission
from shared.domain.observation import Missing
from shared.domain.variants import CANDIDATES
from shared.ports import Conflict, CreateJob, PictureUnavailable
from shared.usecases.refusals import (
    CandidateShown,
    CandidatesUnknown,
    DrawingRefused,
    DrawingUnavailable,
    NotACharacter,
    NothingToPaint,
    ReferenceMissing,
)
from shared.usecases.regenerate import Wish, regenerate
from shared.usecases.start_job import start_job
from shared.usecases.take_drawing import (
    Drawing,
    DrawingData,
    DrawingLink,
    DrawingObject,
    Sketch,
)
from tests.fakes.world import OWNER, POLICY, World, new_book
from tests.unit import images
from tests.unit.images import NOW

DRAWN = DrawingData(data=b"drawing of a girl")


def start_drawn(world: World, drawing: Drawing = DRAWN, prompt: str = "", members: int = 1):
    """A book whose main character comes as a drawing."""
    book = new_book(members)
    hero = replace(book.images[0], prompt=prompt, sketch=Sketch(drawing=drawing, where="/sketch"))
    started, _ = start_job(world.services, replace(book, images=(hero, *book.images[1:])))
    return started


# --- drawings ------------------------------------------------------------------------------------


def test_a_drawing_without_words_is_described_and_goes_along_as_an_image_prompt():
    world = World()
    book = start_drawn(world)

    world.run()

    hero = world.images(book)[0]
    assert hero.status is ImageStatus.SUCCEEDED
    assert hero.described == "a figure in red"
    (description,), imagine = world.painter.of("DESCRIBE"), world.painter.of("IMAGINE")[0]
    assert description.drawing.data == imagine.drawing.data == DRAWN.data
    assert "a figure in red" in imagine.prompt
    assert "--iw 2" in imagine.prompt


def test_a_drawing_with_words_is_not_described():
    world = World()
    book = start_drawn(world, prompt="a brave girl")

    world.run()

    assert world.painter.of("DESCRIBE") == []
    assert "a brave girl" in world.painter.of("IMAGINE")[0].prompt
    assert world.images(book)[0].described == ""


def test_members_do_not_get_the_main_characters_drawing():
    world = World()
    start_drawn(world)

    world.run()

    assert world.painter.of("IMAGINE")[1].drawing is None


@pytest.mark.parametrize("script", [["fail", "fail"], ["banned"], ["moderated"]])
def test_a_drawing_that_can_not_be_described_is_painted_all_the_same(script):
    world = World()
    world.painter.script = script
    book = start_drawn(world)

    world.run()

    assert world.images(book)[0].status is ImageStatus.SUCCEEDED
    assert "the figure of the drawing" in world.painter.of("IMAGINE")[0].prompt


def test_no_drawing_is_described_if_that_is_switched_off():
    world = World(replace(POLICY, describe_attempts=0))
    book = start_drawn(world)

    world.run()

    assert world.painter.of("DESCRIBE") == []
    assert world.images(book)[0].status is ImageStatus.SUCCEEDED


def test_a_description_whose_answer_is_lost_is_found_and_not_asked_for_again():
    world = World()
    world.painter.script = ["drop answer"]
    book = start_drawn(world)

    world.run_with_sweeps(5)

    assert len(world.painter.of("DESCRIBE")) == 1
    assert world.images(book)[0].described == "a figure in red"


def test_a_lost_submission_with_a_drawing_has_thrice_the_time_to_turn_up():
    """Some proxies upload the drawing first, and know of the submission only afterwards."""
    claim = Submission(token="token", claimed_at=NOW - 2 * POLICY.claim_lease)
    image = replace(images.IMAGINE, drawing="jobs/x/drawing.png", imagine=claim)

    waits = decide(image, Missing(searched=True), NOW, POLICY).after

    assert waits.imagine == claim
    assert waits.due_at == claim.claimed_at + 3 * POLICY.claim_lease


def test_of_a_book_that_is_refused_no_drawing_stays():
    """Nobody would ever delete it: no document says whose it is."""
    world = World()
    book = new_book(1)
    sketches = [DRAWN, DrawingData(data=b"none")]
    images_of = [
        replace(image, sketch=Sketch(drawing=drawing, where=f"/{number}"))
        for number, (image, drawing) in enumerate(zip(book.images, sketches, strict=True))
    ]

    with pytest.raises(DrawingRefused):
        start_job(world.services, replace(book, images=tuple(images_of)))

    assert world.pictures.stored == {}


def test_the_same_request_at_the_same_moment_keeps_one_drawing_and_it_is_the_books():
    world = World()
    put, others = world.pictures.put, []

    def put_while_another_is_at_it(name, picture, expire_at):
        if not others:
            others.append(name)
            start_drawn(world)
        return put(name, picture, expire_at)

    world.pictures.put = put_while_another_is_at_it
    book = start_drawn(world)

    assert [*world.pictures.stored] == [world.images(book)[0].drawing] != others
    world.run()
    assert world.images(book)[0].status is ImageStatus.SUCCEEDED


def test_a_book_whose_commit_was_done_though_its_answer_was_lost_keeps_its_drawing():
    world = World()
    commit = world.store.commit

    def loses_the_answer(*writes):
        answer = commit(*writes)
        if isinstance(writes[0], CreateJob):
            raise Conflict("as the client's own retry finds it")
        return answer

    world.store.commit = loses_the_answer
    book = start_drawn(world)
    world.store.commit = commit

    assert [*world.pictures.stored] == [world.images(book)[0].drawing]


def test_a_drawing_that_can_not_be_removed_does_not_change_the_answer(capsys):
    world = World()
    put = world.pictures.put

    def fails(name, picture, expire_at):
        put(name, picture, expire_at)
        world.pictures.broken = 1
        raise PictureUnavailable("told so")

    world.pictures.put = fails
    with pytest.raises(DrawingUnavailable):
        start_drawn(world)

    assert "drawings without a book were not removed" in capsys.readouterr().out


def test_a_drawing_in_our_bucket_is_taken_from_its_owners_folder_only():
    world = World()
    picture = world.services.picture_tools.drawing(DRAWN.data)
    world.pictures.put(f"uploads/{OWNER}/mina.png", picture, NOW)
    world.pictures.put("uploads/stranger/mina.png", picture, NOW)

    start_drawn(world, DrawingObject(name=f"uploads/{OWNER}/mina.png"))

    for name in ("uploads/stranger/mina.png", f"uploads/{OWNER}/missing.png", "jobs/x.png"):
        with pytest.raises(DrawingRefused) as refused:
            start_drawn(World(), DrawingObject(name=name))
        assert refused.value.where == "/sketch"
    assert len(world.store.jobs) == 1


def test_a_bad_drawing_starts_nothing():
    world = World()

    with pytest.raises(DrawingRefused) as refused:
        start_drawn(world, DrawingData(data=b"rubbish"))

    assert (refused.value.code, world.store.jobs) == ("broken_picture", [])


def test_a_drawing_that_can_not_be_fetched_now_starts_nothing():
    world = World()
    world.pictures.broken = 1

    with pytest.raises(DrawingUnavailable):
        start_drawn(world, DrawingLink(url="https://drawings.test/mina.png"))

    assert world.store.jobs == []


def test_the_same_request_again_takes_its_drawing_in_once():
    world = World()
    start_drawn(world)
    world.pictures.stored.clear()

    start_drawn(world)

    assert world.pictures.stored == {}


def test_a_drawing_that_can_not_be_read_costs_no_attempt():
    world = World()
    book = start_drawn(world, prompt="a brave girl", members=0)
    read, faults = world.pictures.read, [PictureUnavailable("told so")] * 4

    def sometimes(name):
        if faults:
            raise faults.pop()
        return read(name)

    world.pictures.read = sometimes
    world.run()

    hero = world.images(book)[0]
    assert (hero.status, hero.imagine_attempts) == (ImageStatus.SUCCEEDED, 1)


def test_a_drawing_that_is_gone_fails_the_picture_before_anything_is_paid():
    world = World()
    book = start_drawn(world, prompt="a brave girl", members=0)
    world.pictures.stored.clear()

    world.run()

    assert world.images(book)[0].error.code is FailureCode.PICTURE_UNAVAILABLE
    assert world.painter.paintings == {}


# --- likenesses ----------------------------------------------------------------------------------


def test_the_main_character_in_another_pose_takes_the_character_reference():
    world = World()
    book = new_book(2)
    pose = replace(book.images[1], same_as_reference=True)
    start_job(world.services, replace(book, images=(book.images[0], pose, book.images[2])))

    world.run()

    _, again, background = [painting.prompt for painting in world.painter.of("IMAGINE")]
    assert "--oref https://discord.test/" in again
    assert "--oref" not in background
    assert "--sref https://discord.test/" in background


# --- candidates ----------------------------------------------------------------------------------


def test_the_candidate_nearest_in_colour_is_upscaled_and_all_four_are_kept():
    world = World()
    book = world.start(members=1)

    world.run()

    hero, member = world.images(book)
    assert [p.prompt[-2:] for p in world.painter.of("UPSCALE")] == ["U1", "U3"]
    assert (hero.candidate, member.candidate) == (1, 3)  # the hero has nothing to be compared with
    assert {f"candidate{i}" for i in (1, 2, 3, 4)} < set(member.variants)


def test_a_hero_with_a_drawing_is_compared_with_that():
    world = World()
    book = start_drawn(world, members=0)

    world.run()

    assert world.images(book)[0].candidate == 3


def test_a_setting_fixes_the_candidate():
    world = World(replace(POLICY, candidate=2))
    book = world.start(members=1)

    world.run()

    assert [image.candidate for image in world.images(book)] == [2, 2]


def test_four_that_can_not_be_compared_cost_nothing_but_the_choice():
    world = World()
    book = world.start(members=1)
    world.run(until=lambda: world.images(book)[0].ended and world.images(book)[1].holds_slot)
    world.pictures.broken = 1

    world.run()

    member = world.images(book)[1]
    assert (member.status, member.candidate) == (ImageStatus.SUCCEEDED, 1)


def painted(world: World):
    book = world.start(members=1)
    world.run()
    return book, world.images(book)[1]


def test_another_candidate_costs_an_upscale_and_no_imagine():
    world = World()
    book, old = painted(world)

    regenerate(world.services, OWNER, old.image_id, Wish(candidate=4))
    world.run()

    new = world.images(book)[1]
    assert (new.status, new.candidate, new.error) == (ImageStatus.SUCCEEDED, 4, None)
    assert new.image_url != old.image_url
    assert len(world.painter.of("IMAGINE")) == 2
    assert world.painter.of("UPSCALE")[-1].prompt.endswith("U4")
    assert [new.variants[name] for name in CANDIDATES] == [
        old.variants[name] for name in CANDIDATES
    ]


def test_another_candidate_that_the_painter_has_forgotten_leaves_the_picture_as_it_was():
    world = World()
    book, old = painted(world)
    for painting in world.painter.of("IMAGINE"):
        painting.lost = True

    regenerate(world.services, OWNER, old.image_id, Wish(candidate=4))
    world.run()

    new = world.images(book)[1]
    assert (new.status, new.image_url) == (ImageStatus.SUCCEEDED, old.image_url)
    assert new.error.code is FailureCode.CANDIDATE_LOST
    assert len(world.painter.of("IMAGINE")) == 2


def test_the_candidate_that_is_shown_is_not_paid_for_again():
    world = World()
    _, old = painted(world)

    with pytest.raises(CandidateShown):
        regenerate(world.services, OWNER, old.image_id, Wish(candidate=old.candidate))


def test_candidates_need_four_painted_pictures():
    world = World()
    world.painter.script = ["moderated"]
    book = world.start(members=0)
    world.run()

    with pytest.raises(CandidatesUnknown):
        regenerate(world.services, OWNER, world.images(book)[0].image_id, Wish(candidate=2))


def test_a_plain_regeneration_chooses_anew_among_four_new_ones():
    world = World()
    book, old = painted(world)
    regenerate(world.services, OWNER, old.image_id, Wish(candidate=4))
    world.run()

    regenerate(world.services, OWNER, old.image_id)
    world.run()

    new = world.images(book)[1]
    assert new.candidate == 3
    assert new.variants["candidate1"] != old.variants["candidate1"]


def test_the_reference_of_a_regeneration_is_our_own_copy_as_the_painter_made_it():
    world = World()
    book, old = painted(world)

    regenerate(world.services, OWNER, old.image_id)
    world.run()

    original = world.images(book)[0].variants["original"].url
    assert f"--sref {original}" in world.painter.of("IMAGINE")[-1].prompt


def test_looks_are_chosen_for_characters_only():
    world = World()
    book = world.start(members=2)
    world.run()

    with pytest.raises(NotACharacter):
        regenerate(world.services, OWNER, world.images(book)[2].image_id, Wish(option_ids=()))


def test_after_a_failed_regeneration_the_candidates_are_still_those_that_are_shown():
    world = World()
    book, old = painted(world)
    world.painter.script = ["", "fail", "fail", "fail"]
    regenerate(world.services, OWNER, old.image_id, Wish(prompt="a purple dragon"))
    world.run()
    assert world.images(book)[1].error is not None

    regenerate(world.services, OWNER, old.image_id, Wish(candidate=2))
    world.run()

    assert world.painter.of("UPSCALE")[-1].prompt == f"{old.shown.imagine.task_id} U2"
    new = world.images(book)[1]
    assert new.shown == replace(old.shown, candidate=2)
    assert new.variants["candidate2"] == old.variants["candidate2"]


def test_after_a_regeneration_without_a_grid_the_shown_four_can_still_be_chosen_from():
    world = World()
    book, old = painted(world)
    world.painter.script = ["moderated"]
    regenerate(world.services, OWNER, old.image_id, Wish(prompt="a purple dragon"))
    world.run()
    with pytest.raises(CandidateShown):
        regenerate(world.services, OWNER, old.image_id, Wish(candidate=old.shown.candidate))

    regenerate(world.services, OWNER, old.image_id, Wish(candidate=1))
    world.run()

    assert world.images(book)[1].shown.candidate == 1
    assert world.painter.of("UPSCALE")[-1].prompt == f"{old.shown.imagine.task_id} U1"


def test_a_picture_that_failed_while_it_was_made_large_can_be_had_from_the_same_four():
    world = World()
    world.painter.script = ["", "fail", "fail", "fail"]
    book = world.start(members=0)
    world.run()
    hero = world.images(book)[0]
    assert hero.status is ImageStatus.FAILED

    regenerate(world.services, OWNER, hero.image_id, Wish(candidate=hero.candidate))
    world.run()

    assert world.images(book)[0].status is ImageStatus.SUCCEEDED
    assert len(world.painter.of("IMAGINE")) == 1


@pytest.mark.parametrize("script", [["busy"] * 5, ["vanish"] * 3])
def test_a_painter_that_never_describes_keeps_no_drawing_from_being_painted(script):
    world = World()
    world.painter.script = script
    book = start_drawn(world, members=0)

    world.run_with_sweeps(12)

    hero = world.images(book)[0]
    assert (hero.status, hero.described) == (ImageStatus.SUCCEEDED, "")
    assert world.painter.of("DESCRIBE") == []


def test_an_upscale_carries_no_drawing_and_has_the_short_lease():
    claim = Submission(token="token 2", claimed_at=NOW - POLICY.claim_lease)
    image = replace(images.UPSCALE_CLAIMED, drawing="jobs/x/drawing.png", upscale=claim)

    assert decide(image, Missing(searched=True), NOW, POLICY).after.upscale is None


def test_the_painters_link_to_a_reference_is_not_relied_on_for_weeks():
    world = World()
    book = world.start(members=1)
    world.run(until=lambda: world.images(book)[0].status is ImageStatus.POST_PROCESSING)
    world.pictures.broken = 999
    world.run()
    hero, member = world.images(book)
    assert hero.error.code is FailureCode.PICTURE_UNAVAILABLE

    world.now += timedelta(hours=13)
    with pytest.raises(ReferenceMissing):
        regenerate(world.services, OWNER, member.image_id)


def test_something_is_left_to_paint():
    world = World()
    book = new_book(0)
    hero = replace(book.images[0], prompt="", option_ids=("hair_red",))
    start_job(world.services, replace(book, images=(hero,)))
    world.run()
    image_id = world.store.jobs[0].reference_image_id

    with pytest.raises(NothingToPaint):
        regenerate(world.services, OWNER, image_id, Wish(option_ids=()))
