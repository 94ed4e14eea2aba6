"""Drawings made usable, previews of the four, and which of the four is nearest."""

import struct
import subprocess
import sys
import zlib
from contextlib import suppress
from io import BytesIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageChops, ImageDraw, ImageFile

from shared.adapters.picture_formats import MOST_BYTES
from shared.adapters.picture_opening import MOST_SCANS
from shared.adapters.picture_tools import KEPT_SIGNATURES, PillowTools
from shared.ports import Picture, PictureRejected

TOOLS = PillowTools()
RED, BLUE, PAPER = (200, 30, 40), (30, 60, 200), (236, 228, 208)


def encoded(image: Image.Image, form: str = "PNG", **options: object) -> bytes:
    file = BytesIO()
    image.save(file, form, **options)
    return file.getvalue()


def sketch(size=(400, 300), ground="white", box=(120, 90, 280, 210), colour=RED) -> Image.Image:
    image = Image.new("RGB", size, ground)
    ImageDraw.Draw(image).ellipse(box, outline=colour, width=3)
    return image


def photo(size=(1600, 1200), drawn=True) -> Image.Image:
    """A pencil drawing on off-white paper, photographed in uneven light by a noisy camera."""
    image = Image.new("RGB", size, PAPER)
    if drawn:
        draw = ImageDraw.Draw(image)
        draw.ellipse((500, 400, 900, 700), outline=(120, 118, 115), width=4)
        draw.line((700, 700, 700, 900), fill=(90, 90, 100), width=4)
    slope = Image.linear_gradient("L").resize(size).point(lambda value: 175 + value * 80 // 255)
    corners = ImageChops.invert(Image.radial_gradient("L")).resize(size)
    corners = corners.point(lambda value: 215 + value * 40 // 255)
    noise = Image.effect_noise(size, 8)
    for light in (slope, corners):
        image = ImageChops.multiply(image, Image.merge("RGB", [light] * 3))
    return ImageChops.add(image, Image.merge("RGB", [noise] * 3), 1, -128)


def opened(picture: Picture) -> Image.Image:
    image = Image.open(BytesIO(picture.data))
    image.load()
    return image


def drawn(data: bytes) -> Image.Image:
    """The drawing that is made of the bytes, which is always an RGB PNG without metadata."""
    picture = TOOLS.drawing(data)
    image = opened(picture)
    assert (picture.content_type, picture.suffix) == ("image/png", ".png")
    assert (image.format, image.mode) == ("PNG", "RGB")
    assert 512 <= max(image.size) <= 1024
    assert not image.info
    assert not image.getexif()
    return image


def refusal(data: bytes, tools: PillowTools = TOOLS) -> str:
    with pytest.raises(PictureRejected) as caught:
        tools.drawing(data)
    assert caught.value.detail.endswith(".")
    return caught.value.code


def near(one, other, by=12) -> bool:
    return all(abs(a - b) <= by for a, b in zip(one, other, strict=True))


# --- a drawing, whatever its format --------------------------------------------------------------


@pytest.mark.parametrize(
    ("form", "options"),
    [
        ("PNG", {}),
        ("JPEG", {"quality": 90}),
        ("JPEG", {"progressive": True}),
        ("WEBP", {}),
        ("WEBP", {"lossless": True}),
    ],
)
def test_a_drawing_is_cropped_to_what_is_drawn_and_made_larger(form, options):
    image = drawn(encoded(sketch(), form, **options))

    # 160 x 120 pixels and a margin of 5 % on each side, made larger to 512
    assert image.size[0] == 512
    assert image.size[1] == pytest.approx(512 * 136 / 176, abs=20)
    corners = [image.getpixel((x, y)) for x in (0, image.width - 1) for y in (0, image.height - 1)]
    assert all(near(corner, (255, 255, 255)) for corner in corners)


def test_a_large_drawing_is_made_smaller():
    image = drawn(encoded(sketch((5000, 4000), box=(50, 50, 4950, 3950)), "JPEG"))

    assert max(image.size) == 1024


def test_the_same_bytes_give_the_same_bytes():
    data = encoded(photo(), "JPEG")

    assert TOOLS.drawing(data) == PillowTools().drawing(data)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "PA", "RGBA", "I;16", "CMYK"])
def test_every_mode_becomes_rgb(mode):
    image = sketch(colour="black")
    if mode == "I;16":
        converted = image.convert("L").convert("I").point(lambda v: v * 257).convert("I;16")
    elif mode == "PA":
        converted = image.convert("RGBA").quantize(16)
    else:
        converted = image.convert(mode)

    result = drawn(encoded(converted, "JPEG" if mode == "CMYK" else "PNG"))

    assert near(result.getpixel((0, 0)), (255, 255, 255))
    assert min(result.convert("L").tobytes()) < 60


@pytest.mark.parametrize("way", ["alpha", "palette", "colour key"])
def test_what_is_transparent_becomes_white(way):
    image = sketch(ground="black").convert("RGBA")
    image.putalpha(ImageChops.difference(image.convert("L"), Image.new("L", image.size)))
    image.putalpha(image.getchannel("A").point(lambda value: 255 * (value > 0)))
    options = {}
    if way == "palette":
        image = sketch(ground="black").convert("P", palette=Image.Palette.ADAPTIVE)
        options = {"transparency": image.getpixel((0, 0))}
    if way == "colour key":
        image, options = sketch(ground="black"), {"transparency": (0, 0, 0)}

    result = drawn(encoded(image, "PNG", **options))

    assert result.getpixel((0, 0)) == (255, 255, 255)
    assert result.getpixel((result.width // 2, result.height // 2)) == (255, 255, 255)


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_a_picture_taken_sideways_is_turned_and_forgets_where_it_was_taken(form):
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned right by 90 degrees
    exif.get_ifd(0x8825)[1] = "N"  # GPS
    exif[0x010E] = "Mina, class 3b"
    data = encoded(sketch(), form, exif=exif)
    assert b"Mina" in data

    image = drawn(data)

    assert image.height > image.width
    assert b"Mina" not in TOOLS.drawing(data).data


@pytest.mark.filterwarnings("ignore:Corrupt EXIF")
def test_broken_metadata_is_no_reason_to_refuse():
    data = encoded(sketch(), "JPEG", exif=b"Exif\0\0MM\0*\0\0\0\x08\xff\xff" + b"\x01\x12" * 9)

    assert drawn(data).width == 512


def test_a_photo_that_carries_a_second_one_is_no_animation():
    data = encoded(sketch(), "MPO", save_all=True, append_images=[sketch(colour=BLUE)])
    assert getattr(Image.open(BytesIO(data)), "n_frames", 1) == 2

    assert drawn(data).width == 512


# --- where the drawing is ------------------------------------------------------------------------


def test_a_photographed_sheet_is_cropped_in_spite_of_noise_and_uneven_light():
    image = drawn(encoded(photo(), "JPEG", quality=85))

    # drawn from 500 to 900 and from 400 to 900, a margin of 25 on each side
    assert image.height / image.width == pytest.approx(550 / 450, abs=0.1)


def test_a_photographed_empty_sheet_is_empty():
    assert refusal(encoded(photo(drawn=False), "JPEG", quality=85)) == "empty_drawing"


def test_a_painting_up_to_the_edge_is_not_cropped():
    image = Image.new("RGB", (800, 600), (90, 160, 240))
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 300, 800, 600), fill=(60, 150, 50))
    draw.ellipse((350, 100, 450, 200), fill=(250, 220, 40))

    assert drawn(encoded(image)).size == (800, 600)


def test_what_lies_on_a_patterned_table_is_not_cropped():
    image = Image.effect_noise((800, 600), 120).convert("RGB")
    image.paste("white", (200, 150, 600, 450))

    assert drawn(encoded(image)).size == (800, 600)


def test_a_line_over_the_edge_is_cropped_along_the_others():
    image = Image.new("RGB", (1000, 800), "white")
    ImageDraw.Draw(image).line((0, 300, 500, 320), fill="black", width=4)

    width, height = drawn(encoded(image)).size

    assert width > 3 * height


def test_a_dot_of_one_pixel_is_a_drawing():
    image = Image.new("RGB", (64, 64), "white")
    image.putpixel((30, 30), (0, 0, 0))

    # nothing around it is worth keeping, but a picture has to have a size
    assert refusal(encoded(Image.new("RGB", (64, 64), "white"))) == "empty_drawing"
    assert max(drawn(encoded(image)).size) == 512


# --- what is refused -----------------------------------------------------------------------------


def png_of(width: int, height: int) -> bytes:
    """A PNG that says it is so large, and has next to no bytes."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        checksum = zlib.crc32(kind + data)
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", checksum)

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b""))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"%PDF-1.7",
        encoded(sketch(), "GIF"),
        encoded(sketch(), "BMP"),
        encoded(sketch(), "TIFF"),
    ],
)
def test_other_formats_are_refused(data):
    assert refusal(data) == "wrong_format"


@pytest.mark.parametrize(
    "size", [(10_000, 4_001), (20_000, 5_000), (60_000, 60_000), (2**31 - 1,) * 2]
)
def test_a_picture_of_too_many_pixels_is_refused_before_it_is_decoded(size):
    assert refusal(png_of(*size)) == "picture_too_large"


def segment(marker: int, content: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(content) + 2) + content


def jpeg_of(scans: int) -> bytes:
    """A grey progressive one of 64 x 64 pixels: a scan for the means, all others say nothing."""
    one_code = bytes([1] + [0] * 15)
    means = segment(0xDA, b"\1\1\0\0\0\0") + bytes(8)
    nothing = segment(0xDA, b"\1\1\0\1\x3f\0") + b"\x20\x7f"  # for the next 128 blocks
    return b"".join(
        [
            b"\xff\xd8",
            segment(0xDB, b"\0" + b"\1" * 64),
            segment(0xC2, struct.pack(">BHHB", 8, 64, 64, 1) + b"\1\x11\0"),
            segment(0xC4, b"\x00" + one_code + b"\0"),
            segment(0xC4, b"\x10" + one_code + b"\x70"),
            means,
            nothing * (scans - 1),
            b"\xff\xd9",
        ]
    )


def test_a_picture_of_thousands_of_scans_is_refused_before_it_is_decoded():
    """Of 6000 x 6000 pixels, 3000 scans in 240 KB kept a processor busy for half a minute."""
    assert refusal(jpeg_of(MOST_SCANS)) == "empty_drawing"
    assert refusal(jpeg_of(MOST_SCANS + 1)) == "broken_picture"


def test_webp_is_decoded_at_a_higher_cost_and_may_have_fewer_pixels():
    tools = PillowTools(most_pixels=400 * 300)

    assert tools.drawing(encoded(sketch()))
    assert refusal(encoded(sketch(), "WEBP"), tools) == "picture_too_large"


def test_too_many_bytes_are_refused():
    data = encoded(sketch())

    assert PillowTools(len(data)).drawing(data)
    assert refusal(data, PillowTools(len(data) - 1)) == "picture_too_large"


@pytest.mark.parametrize("size", [(31, 400), (400, 31), (1, 1)])
def test_a_picture_that_is_too_small_is_refused(size):
    assert refusal(encoded(Image.new("RGB", size, "red"))) == "picture_too_small"


def test_a_strip_is_refused():
    image = Image.effect_noise((4000, 40), 120).convert("RGB")

    assert refusal(encoded(image)) == "picture_too_small"


@pytest.mark.parametrize("form", ["PNG", "WEBP"])
def test_an_animation_is_refused(form):
    data = encoded(sketch(), form, save_all=True, append_images=[sketch(colour=BLUE)], duration=9)

    assert refusal(data) == "animated_picture"


@pytest.mark.parametrize("colour", ["white", "black", (90, 160, 240), (255, 255, 255, 0)])
def test_a_picture_of_one_colour_is_empty(colour):
    mode = "RGBA" if len(colour) == 4 else "RGB"

    assert refusal(encoded(Image.new(mode, (200, 200), colour))) == "empty_drawing"


WHOLE = {
    "png": encoded(sketch()),
    "interlaced png": encoded(sketch(), interlace=1),
    "jpeg": encoded(sketch(), "JPEG"),
    "progressive jpeg": encoded(sketch(), "JPEG", progressive=True),
    "webp": encoded(sketch(), "WEBP"),
    "lossless webp": encoded(sketch(), "WEBP", lossless=True),
}
PNG_TAIL = 12 + 4 + 4 + 4
"""Bytes of the last chunk and the checksums in front of it: without them all pixels are there."""


@pytest.mark.parametrize("name", WHOLE)
@pytest.mark.parametrize("share", [0.05, 0.3, 0.5, 0.8, 0.95])
def test_half_a_picture_is_refused(name, share):
    data = WHOLE[name]
    cut = min(int(len(data) * share), len(data) - PNG_TAIL)

    assert refusal(data[:cut]) == "broken_picture"


def test_half_a_picture_is_refused_even_if_the_process_has_allowed_it():
    ImageFile.LOAD_TRUNCATED_IMAGES = True
    try:
        assert refusal(WHOLE["jpeg"][:-200]) == "broken_picture"
    finally:
        ImageFile.LOAD_TRUNCATED_IMAGES = False


def taken_or_refused(data: bytes) -> None:
    with suppress(PictureRejected):
        assert max(opened(TOOLS.drawing(data)).size) <= 1024


@settings(max_examples=150)
@given(data=st.sampled_from(list(WHOLE.values())), cut=st.floats(0, 1))
def test_any_cut_is_taken_or_refused(data, cut):
    taken_or_refused(data[: int(len(data) * cut)])


@settings(max_examples=200)
@given(
    data=st.sampled_from(list(WHOLE.values())),
    places=st.lists(
        st.tuples(st.floats(0, 1, exclude_max=True), st.binary(max_size=6)), max_size=8
    ),
)
def test_any_damage_is_taken_or_refused(data, places):
    damaged = bytearray(data)
    for place, garbage in places:
        at = int(place * len(data))
        damaged[at : at + len(garbage)] = garbage

    taken_or_refused(bytes(damaged))


@settings(max_examples=150)
@given(
    beginning=st.sampled_from(
        [
            b"",
            b"\x89PNG\r\n\x1a\n",
            b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR",
            b"\xff\xd8\xff\xe1",
            b"\xff\xd8\xff",
        ]
        + [b"RIFF\x40\0\0\0WEBP" + kind for kind in (b"VP8 ", b"VP8L", b"VP8X", b"")]
    ),
    rest=st.binary(max_size=200),
)
def test_any_bytes_are_taken_or_refused(beginning, rest):
    taken_or_refused(beginning + rest)


# --- the four ------------------------------------------------------------------------------------

HAIR = [(200, 40, 50), (40, 90, 200), (60, 160, 70), (150, 60, 170)]
PASTELS = [(200, 220, 240), (240, 210, 220), (210, 240, 210), (240, 235, 215)]


def figure(colour, ground, side=256, light=1.0) -> Image.Image:
    image = Image.new("RGB", (side, side), ground)
    draw = ImageDraw.Draw(image)
    draw.ellipse((side * 0.3, side * 0.2, side * 0.7, side * 0.6), fill=(240, 200, 160))
    draw.rectangle((side * 0.25, side * 0.55, side * 0.75, side * 0.95), fill=colour)
    noise = Image.merge("RGB", [Image.effect_noise(image.size, 10)] * 3)
    return ImageChops.add(image, noise, 1, -128).point(lambda value: min(255, int(value * light)))


def as_picture(image: Image.Image, form: str = "PNG", **options: object) -> Picture:
    data = encoded(image, form, **options)
    return Picture(data=data, content_type="", suffix="")


def grid_of(images) -> Image.Image:
    width, height = images[0].size
    grid = Image.new("RGB", (2 * width, 2 * height))
    for index, image in enumerate(images):
        grid.paste(image, (index % 2 * width, index // 2 * height))
    return grid


GRID = grid_of([figure(*colours) for colours in zip(HAIR, PASTELS, strict=True)])


@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP"])
def test_the_previews_are_the_four_in_order(form):
    found = TOOLS.previews(as_picture(GRID, form))

    assert len(found) == 4
    for rendition, hair in zip(found, HAIR, strict=True):
        preview = rendition.picture
        image = opened(preview)
        assert (rendition.width, rendition.height) == image.size
        assert (preview.content_type, preview.suffix) == ("image/webp", ".webp")
        assert (image.format, image.size) == ("WEBP", (256, 256))
        assert near(image.convert("RGB").getpixel((128, 200)), hair, by=30)


def test_a_preview_shows_nothing_of_its_neighbours():
    colours = ("black", "white", "white", "black")
    plain = [Image.new("RGB", (1024, 1024), colour) for colour in colours]

    found = TOOLS.previews(as_picture(grid_of(plain)))

    for rendition, colour in zip(found, colours, strict=True):
        darkest, lightest = opened(rendition.picture).convert("L").getextrema()
        assert darkest >= 250 if colour == "white" else lightest <= 5


@pytest.mark.parametrize(
    ("size", "preview"),
    [((2048, 2048), (512, 512)), ((2912, 1632), (512, 287)), ((101, 203), (50, 101))],
)
def test_a_preview_is_never_larger_than_it_has_to_be(size, preview):
    found = TOOLS.previews(as_picture(Image.new("RGB", size, "red")))

    assert {opened(rendition.picture).size for rendition in found} == {preview}


@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP"])
@pytest.mark.parametrize("wanted", [1, 2, 3, 4])
def test_the_nearest_has_the_models_colours_on_whatever_ground(wanted, form):
    # in a little more light, and on the ground of one of the others
    model = figure(HAIR[wanted - 1], PASTELS[wanted % 4], side=512, light=1.06)

    assert TOOLS.nearest(as_picture(GRID, form), as_picture(model, form)) == wanted


def test_a_cut_out_model_is_compared_without_its_ground():
    model = figure(HAIR[2], "black").convert("RGBA")
    model.putalpha(model.convert("L").point(lambda value: 255 * (value > 40)))

    assert TOOLS.nearest(as_picture(GRID), as_picture(model, "WEBP")) == 3


def test_pictures_without_a_plain_ground_are_compared_whole():
    def scene(colours) -> Image.Image:
        image = Image.new("RGB", (256, 256), colours[0])
        image.paste(colours[1], (0, 128, 256, 256))
        image.paste(colours[2], (100, 60, 160, 200))
        return image

    scenes = [scene((HAIR[i], PASTELS[i], HAIR[(i + 1) % 4])) for i in range(4)]

    assert TOOLS.nearest(as_picture(grid_of(scenes)), as_picture(scenes[1])) == 2


def test_of_equals_the_first_is_taken():
    grid = grid_of([figure(HAIR[0], PASTELS[0])] * 4)

    assert TOOLS.nearest(as_picture(grid), as_picture(Image.new("RGB", (64, 64), "white"))) == 1


def test_a_model_is_remembered_but_not_for_ever():
    tools = PillowTools()
    grid = as_picture(GRID)
    models = [as_picture(figure(HAIR[0], (i, i, i), side=32)) for i in range(KEPT_SIGNATURES + 1)]

    first = [tools.nearest(grid, model) for model in models]

    assert [tools.nearest(grid, model) for model in models] == first
    assert len(tools._signatures) == KEPT_SIGNATURES


@pytest.mark.parametrize("data", [b"", b"<html>", WHOLE["jpeg"][:-100], bytes(MOST_BYTES + 1)])
def test_what_is_no_picture_has_no_four_and_is_no_model(data):
    broken = Picture(data=data, content_type="image/png", suffix=".png")

    for ask in (
        lambda: TOOLS.previews(broken),
        lambda: TOOLS.nearest(broken, as_picture(GRID)),
        lambda: TOOLS.nearest(as_picture(GRID), broken),
    ):
        with pytest.raises(PictureRejected):
            ask()


DECODE = """
import resource, sys, threading
from shared.adapters.picture_tools import PillowTools

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

tools, data = PillowTools(), open(sys.argv[1], "rb").read()
tools.drawing(data)
one = peak()
threads = [threading.Thread(target=tools.drawing, args=(data,)) for _ in range(4)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(peak() / one)
"""


def test_several_at_once_take_little_more_memory_than_one(tmp_path):
    large = sketch((5000, 5000), box=(1000, 1000, 4000, 4000)).convert("RGBA")
    (tmp_path / "drawing.png").write_bytes(encoded(large))

    done = subprocess.run(
        [sys.executable, "-c", DECODE, tmp_path / "drawing.png"],
        capture_output=True,
        text=True,
        check=True,
    )

    assert float(done.stdout) < 1.5


def test_pillow_is_imported_on_first_use_only():
    code = "import sys, shared.adapters.picture_tools; print('PIL' in sys.modules)"

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "False"
