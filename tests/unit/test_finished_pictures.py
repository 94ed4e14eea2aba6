"""What is kept of a picture, what stands in for one, and the whole book as an archive."""

import io
import zipfile
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

import main
from functions.api.views import image_view
from shared.domain.failure import FailureCode
from shared.domain.fallbacks import Fallbacks
from shared.domain.file_names import MOST_BYTES, file_stem
from shared.domain.image import BackgroundEffect, ImageStatus, Kind
from shared.domain.variants import CANDIDATES
from shared.fallback_file import FallbackFileError, read_fallbacks
from shared.ports import PictureRejected, PictureUnavailable, SaveImage
from shared.usecases.cancel_job import cancel_job
from shared.usecases.regenerate import Wish, regenerate
from shared.usecases.run_step import run_step
from shared.usecases.start_job import start_job
from shared.usecases.take_drawing import DrawingData, Sketch
from tests.fakes.world import OWNER, POLICY, World, new_book
from tests.unit.calling import call, post
from tests.unit.test_edge import TALE

CAT, MEADOW = "https://example.org/cat.png", "https://example.org/meadow.jpg"


# --- variants ------------------------------------------------------------------------------------


def test_every_variant_is_kept_and_the_processed_one_is_shown():
    world = World()
    book = world.start(members=2)

    world.run()

    hero, member, background = world.images(book)
    assert set(hero.variants) == set(member.variants)
    assert set(member.variants) == {"original", "cutout", "preview", *CANDIDATES}
    assert set(background.variants) == {"original", "blurred", "preview", *CANDIDATES}
    for image, shown in ((hero, "cutout"), (member, "cutout"), (background, "blurred")):
        assert image.image_url == image.variants[shown].url
        assert image.preview_url == image.variants["preview"].url
        assert (image.variants[shown].width, image.variants[shown].height) == (512, 512)
        assert all(v.name in world.pictures.stored for v in image.variants.values())


@pytest.mark.parametrize("effect", BackgroundEffect)
def test_a_request_says_what_becomes_of_its_backgrounds(effect):
    world = World()
    book, _ = start_job(world.services, replace(new_book(2), background_effect=effect))

    world.run()

    background = world.images(book)[2]
    shown = {"blur": "blurred", "pale": "paled", "none": "original"}[effect]
    assert background.image_url == background.variants[shown].url
    assert image_view(background).background_effect is effect


def test_a_regeneration_may_change_the_effect():
    world = World()
    book = world.start(members=2)
    world.run()
    background = world.images(book)[2]

    wish = Wish(background_effect=BackgroundEffect.PALE)
    regenerate(world.services, OWNER, background.image_id, wish)
    world.run()

    assert "paled" in world.images(book)[2].variants


def test_a_character_that_could_not_be_cut_out_is_shown_as_it_is_and_says_so():
    world = World()
    world.finisher.warnings = ("no_figure",)
    book = world.start(members=0)

    world.run()

    hero = world.images(book)[0]
    assert hero.image_url == hero.variants["original"].url
    assert (hero.warnings, "cutout" in hero.variants) == (("no_figure",), False)


def test_a_regeneration_makes_new_objects_and_leaves_the_old_ones():
    world = World()
    book = world.start(members=0)
    world.run()
    old = world.images(book)[0]

    regenerate(world.services, OWNER, old.image_id)
    world.run()

    new = world.images(book)[0]
    names = [{v.name for v in image.variants.values()} for image in (old, new)]
    assert not names[0] & names[1]
    assert names[0] | names[1] <= set(world.pictures.stored)


def test_however_late_a_picture_is_painted_its_objects_go_with_its_book():
    """Else they would outlive the documents, without which nobody can delete them."""
    world = World()
    sketch = Sketch(drawing=DrawingData(data=b"drawing of a girl"), where="/sketchImage")
    book = new_book(1)
    drawn = replace(book.images[0], sketch=sketch)
    started, _ = start_job(world.services, replace(book, images=(drawn, *book.images[1:])))
    world.run()
    world.now = started.job.expire_at - timedelta(days=1)
    regenerate(world.services, OWNER, started.images[1].image_id)
    world.run()

    assert {name.split("-")[1] for name in world.pictures.expiring} == {"000", "001", "drawing"}
    assert {*world.pictures.expiring.values()} == {started.job.expire_at}


def test_names_of_objects_hold_no_words_of_the_client_and_need_no_escapes():
    world = World()
    start_job(world.services, replace(new_book(2), student_task_id="pupil-4711"))
    world.run()

    for name in world.pictures.stored:
        assert not any(secret in name for secret in ("4711", "Mina", OWNER))
        assert all(c.isascii() and (c.isalnum() or c in "-.") for c in name)


def test_storing_twice_changes_nothing():
    world = World()
    book = world.start(members=0)
    world.run(until=lambda: world.images(book)[0].status is ImageStatus.POST_PROCESSING)
    hero = world.images(book)[0]
    world.run()
    stored, done = dict(world.pictures.stored), world.images(book)[0]

    assert run_step(world.services, hero.image_id, hero.generation, hero.seq) == "outdated"

    assert (world.pictures.stored, world.images(book)[0]) == (stored, done)


def test_a_crash_between_upload_and_commit_shows_nothing_and_is_mended_by_the_same_objects():
    world = World()
    book = world.start(members=0)
    world.run(until=lambda: world.images(book)[0].status is ImageStatus.POST_PROCESSING)
    commit = world.store.commit

    def crash(*writes):
        raise KeyboardInterrupt

    world.store.commit = crash
    hero = world.images(book)[0]
    with pytest.raises(KeyboardInterrupt):
        run_step(world.services, hero.image_id, hero.generation, hero.seq)
    stored = dict(world.pictures.stored)
    assert stored
    assert world.images(book)[0].image_url is None

    world.store.commit = commit
    world.run_with_sweeps(3)

    assert world.images(book)[0].status is ImageStatus.SUCCEEDED
    assert world.pictures.stored == stored


def test_a_broken_picture_is_fetched_again_and_then_fails_with_its_code():
    world = World()
    character, broken = world.finisher.character, [1] * 2

    def sometimes(original):
        if broken:
            broken.pop()
            raise PictureRejected("broken_picture", "It is cut off.")
        return character(original)

    world.finisher.character = sometimes
    world.finisher.background = lambda original, _: sometimes(original)
    book = world.start(members=0)
    world.run()
    assert world.images(book)[0].status is ImageStatus.SUCCEEDED

    broken += [1] * 100
    regenerate(world.services, OWNER, world.images(book)[0].image_id)
    world.run()
    again = world.images(book)[0]
    assert again.error.code is FailureCode.PICTURE_UNAVAILABLE
    assert again.image_url == again.variants["cutout"].url  # the old one


@pytest.mark.parametrize("error", [MemoryError(), RuntimeError("the model's file is missing")])
def test_a_picture_that_can_not_be_finished_is_kept_as_it_was_painted(error):
    world = World()

    def broken(_):
        raise error

    world.finisher.character = broken
    book = world.start(members=0)
    world.run()

    hero = world.images(book)[0]
    assert (hero.status, hero.warnings) == (ImageStatus.SUCCEEDED, ("not_finished",))
    assert hero.image_url == hero.variants["original"].url


def test_a_bucket_that_is_down_for_minutes_loses_no_picture():
    world = World()
    book = world.start(members=1)
    world.run(until=lambda: world.images(book)[0].status is ImageStatus.POST_PROCESSING)
    world.pictures.broken = 12
    world.run()

    assert all(set(CANDIDATES) < set(image.variants) for image in world.images(book))


def test_a_process_that_dies_each_time_does_not_keep_a_book_open_for_ever():
    world = World()

    def killed(_):
        raise KeyboardInterrupt

    world.finisher.character = killed
    world.finisher.background = lambda *_: killed(None)
    book = world.start(members=0)
    for _ in range(60):
        try:
            world.run_with_sweeps(1)
        except KeyboardInterrupt:
            world.now += POLICY.store_lease
    assert world.images(book)[0].status is ImageStatus.FAILED
    assert world.job(book).completed


def test_an_effect_is_for_backgrounds_and_is_told_as_it_is_shown(world):
    body = {**TALE, "backgrounds": [{"name": "Wood", "prompt": "a forest"}]}
    job_id = post(main.generate, body).json["jobId"]
    world.run()
    refused = post(main.regenerate, {"imageId": f"{job_id}-000", "backgroundEffect": "none"})
    assert (refused.status_code, refused.json["code"]) == (422, "not_a_background")

    world.painter.script = ["moderated"]
    post(main.regenerate, {"imageId": f"{job_id}-001", "backgroundEffect": "none"})
    world.run()

    book = call(main.status, query_string={"jobId": job_id}).json
    assert book["images"][1]["backgroundEffect"] == "blur"


# --- what stands in ------------------------------------------------------------------------------


def failing(world: World):
    fallbacks = Fallbacks(tales={"42": {Kind.CHARACTER: CAT}}, default={Kind.BACKGROUND: MEADOW})
    world.services = replace(world.services, fallbacks=fallbacks)
    world.painter.script = ["moderated"]
    book = world.start(members=2)
    world.run()
    return book


def test_where_the_tale_has_one_a_picture_stands_in_and_the_error_is_kept():
    world = World()
    book = failing(world)

    images = world.images(book)
    assert [image.image_url for image in images] == [CAT, CAT, MEADOW]
    assert all(image.is_fallback and image.status is ImageStatus.FAILED for image in images)
    assert images[0].error.code is FailureCode.MODERATED


def test_a_new_picture_takes_the_place_of_what_stood_in():
    world = World()
    book = failing(world)

    regenerate(world.services, OWNER, world.images(book)[0].image_id)
    world.run()

    images = world.images(book)
    assert not any(image.is_fallback for image in images)
    assert all(image.status is ImageStatus.SUCCEEDED for image in images)
    assert CAT not in [image.image_url for image in images]


def test_what_was_canceled_has_nothing_that_stands_in():
    world = World()
    book = failing(world)
    regenerate(world.services, OWNER, world.images(book)[0].image_id)
    cancel_job(world.services, OWNER, book.job.job_id)

    assert [image.image_url for image in world.images(book)] == [None] * 3


def test_what_stands_in_is_no_reference():
    world = World()
    failing(world)

    assert len(world.painter.of("IMAGINE")) == 1


def test_a_tale_without_one_has_none():
    fallbacks = Fallbacks(tales={"1": {Kind.CHARACTER: CAT}})

    assert fallbacks.url_for("1", Kind.CHARACTER) == CAT
    assert fallbacks.url_for("1", Kind.BACKGROUND) is None
    assert fallbacks.url_for("2", Kind.CHARACTER) is None


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("[tales.1]\ncharacter = 'ftp://x'", "tales.1.character"),
        ("[tales.1]\nhero = 'https://x'", "tales.1.hero"),
        ("colour = 1", "colour"),
        ("[", "TOML"),
    ],
)
def test_a_wrong_file_of_fallbacks_says_where(tmp_path, text, wrong):
    file = tmp_path / "fallbacks.toml"
    file.write_text(text)

    with pytest.raises(FallbackFileError, match=wrong):
        read_fallbacks(file)


def test_a_file_of_fallbacks(tmp_path):
    file = tmp_path / "fallbacks.toml"
    file.write_text(f"[default]\nbackground = '{MEADOW}'\n[tales.42]\ncharacter = '{CAT}'")

    fallbacks = read_fallbacks(file)

    assert fallbacks.url_for("42", Kind.CHARACTER) == CAT
    assert fallbacks.url_for("7", Kind.BACKGROUND) == MEADOW
    with pytest.raises(FallbackFileError, match="can't be read"):
        read_fallbacks(tmp_path / "none.toml")


# --- the whole book ------------------------------------------------------------------------------


def start(world, *names):
    friends = [{"name": name, "prompt": "a friend"} for name in names]
    body = {**TALE, "characters": [*TALE["characters"], *friends]}
    return post(main.generate, body).json["jobId"]


def download(job_id):
    return call(main.download, query_string={"jobId": job_id})


def test_a_book_is_an_archive_of_what_is_shown_by_readable_names(world):
    job_id = start(world, "여우 친구", "Mina", "a/b: *c?")
    world.run()

    answer = download(job_id)

    assert (answer.status_code, answer.content_type) == (200, "application/zip")
    assert f"filename=book-{job_id[:8]}.zip" in answer.headers["Content-Disposition"]
    with zipfile.ZipFile(io.BytesIO(answer.data)) as archive:
        assert archive.testzip() is None
        names = archive.namelist()
        assert names == ["01 Mina.webp", "02 여우 친구.webp", "03 Mina.webp", "04 a b c.webp"]
        assert archive.read(names[0]).startswith(b"cut out ")


def test_what_is_not_there_is_left_out(world):
    world.painter.script = ["", "", "moderated"]
    job_id = start(world, "Fox")
    assert download(job_id).json["code"] == "no_pictures"
    world.run()

    with zipfile.ZipFile(io.BytesIO(download(job_id).data)) as archive:
        assert archive.namelist() == ["01 Mina.webp"]


def test_while_a_picture_is_painted_again_the_old_one_is_in_the_archive(world):
    job_id = start(world)
    world.run()
    post(main.regenerate, {"imageId": f"{job_id}-000"})

    with zipfile.ZipFile(io.BytesIO(download(job_id).data)) as archive:
        assert len(archive.namelist()) == 1


def test_a_bucket_out_of_reach_is_an_error_and_no_half_archive(world):
    job_id = start(world)
    world.run()

    def broken(_):
        raise PictureUnavailable("told so")

    world.pictures.read = broken
    assert (download(job_id).status_code, download(job_id).json["code"]) == (
        503,
        "temporarily_unavailable",
    )


@pytest.mark.parametrize("job_id", ["x", "a" * 26, ""])
def test_a_book_that_is_not_there(world, job_id):
    assert download(job_id).status_code == (404 if job_id else 400)


@given(st.integers(1, 100), st.text())
def test_any_name_becomes_a_file_name_for_every_system(number, name):
    stem = file_stem(number, name)

    assert stem.startswith(f"{number:02d}")
    assert len(stem.encode()) <= MOST_BYTES + 4
    assert not set(stem) & set('<>:"/\\|?*%~\0\n')
    assert stem == stem.strip(" .")


def test_the_last_try_describes_its_own_objects_and_not_those_of_a_try_that_died():
    world = World()
    book = world.start(members=0)
    world.run(until=lambda: world.images(book)[0].status is ImageStatus.POST_PROCESSING)
    hero, commit = world.images(book)[0], world.store.commit

    def crash(*writes):
        raise KeyboardInterrupt

    world.store.commit = crash
    with pytest.raises(KeyboardInterrupt):
        run_step(world.services, hero.image_id, hero.generation, hero.seq)
    left_behind = set(world.pictures.stored)
    world.store.commit = commit
    before = world.store.image(hero.image_id)
    tried = replace(before.value, store_attempts=POLICY.store_attempts - 1)
    commit(SaveImage(before=before, after=tried))
    world.run()

    image = world.images(book)[0]
    assert image.warnings == ("not_finished",)
    assert not left_behind & {variant.name for variant in image.variants.values()}
