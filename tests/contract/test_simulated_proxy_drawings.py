"""Children's drawings in the simulated proxy: read, painted, described."""

import base64
import io
import random
import re
from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import parse_qsl, urlsplit

import pytest
from PIL import Image, ImageChops, ImageDraw, ImageStat

from infra.local.proxy.banned import find_banned_word
from infra.local.proxy.midjourney import LinkReport
from infra.local.proxy.painting.colours import Colour, distance
from infra.local.proxy.painting.describe import colour_name, describe
from infra.local.proxy.painting.drawing import FIRST, Drawing, read_drawing
from infra.local.proxy.painting.grid import Order, encode_png, paint, paint_partial, paint_quarter
from infra.local.proxy.painting.look import Look
from infra.local.proxy.prompt import parse_prompt, refusal
from tests.contract.proxy_client import Client, data_url, proxy_client
from tests.contract.proxy_engine import Bench

RED, YELLOW, BLUE, BLACK = (214, 40, 44), (246, 204, 40), (40, 80, 200), (40, 40, 44)
PLACE = "full body, one single figure, on a plain pastel background"


def girl(ground: Colour = (253, 252, 249)) -> Image.Image:
    """A girl in a red dress with yellow hair and blue shoes, in crayon."""
    picture = Image.new("RGB", (300, 400), ground)
    pen = ImageDraw.Draw(picture)
    pen.ellipse((90, 30, 210, 150), fill=YELLOW)
    pen.ellipse((108, 50, 192, 140), fill=(255, 255, 255), outline=BLACK, width=4)
    for x in (132, 168):
        pen.ellipse((x - 5, 84, x + 5, 96), fill=BLACK)
    for y in range(142, 262, 8):
        half = 18 + (y - 142) * 0.45
        pen.line((150 - half, y, 150 + half, y + 3), fill=RED, width=6)
    for x in (125, 175):
        pen.line((x, 262, x, 340), fill=BLACK, width=5)
        pen.ellipse((x - 24, 335, x + 20, 360), fill=BLUE)
    return picture


def monster(crayon: Colour = (80, 170, 70)) -> Image.Image:
    """A wide monster with three eyes."""
    picture = Image.new("RGB", (400, 300), (255, 255, 255))
    pen = ImageDraw.Draw(picture)
    pen.ellipse((40, 70, 360, 250), fill=crayon)
    for x in (120, 200, 280):
        pen.ellipse((x - 30, 110, x + 30, 170), fill=(255, 255, 255), outline=BLACK, width=5)
    return picture


def encoded(picture: Image.Image, kind: str = "PNG") -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, kind)
    return buffer.getvalue()


def as_data_url(picture: Image.Image) -> str:
    return f"data:image/png;base64,{base64.b64encode(encoded(picture)).decode()}"


def drawn(picture: Image.Image) -> Drawing:
    drawing = read_drawing(encoded(picture))
    assert drawing is not None
    return drawing


def order_of(picture: Image.Image, **changes: object) -> Order:
    order = Order(text=f"a girl, {PLACE}", seed=7, ratio=(3, 4), side=128, drawing=drawn(picture))
    return replace(order, **changes)  # type: ignore[arg-type]


def share_of(picture: Image.Image, name: str) -> float:
    """Return the share of a picture that has a colour of a name."""
    small = picture.resize((64, 64), Image.Resampling.BOX)
    return sum(colour_name(pixel) == name for pixel in pixels(small)) / (64 * 64)


def pixels(picture: Image.Image) -> list[Colour]:
    content = picture.tobytes()
    return [(content[i], content[i + 1], content[i + 2]) for i in range(0, len(content), 3)]


def difference(first: Image.Image, second: Image.Image) -> float:
    """Return the mean difference of two pictures, 0..255."""
    return sum(ImageStat.Stat(ImageChops.difference(first, second)).mean) / 3


# --- reading


def test_a_drawings_crayons_are_found_and_the_white_between_strokes_is_filled() -> None:
    drawing = drawn(girl())

    for crayon in (RED, YELLOW, BLUE, BLACK):
        assert any(distance(crayon, found) < 30 for found in drawing.colours), crayon
    red = FIRST + min(range(4), key=lambda index: distance(RED, drawing.colours[index]))
    dress = drawing.labels().crop((40, 110, 68, 155)).histogram()
    assert dress[red] > 0.97 * 28 * 45


def test_the_sheet_is_cut_away_and_a_face_left_white_is_not() -> None:
    drawing = drawn(girl())
    outside, blank = drawing.labels().histogram()[:2]

    assert drawing.height == 256
    assert drawing.width < 140
    assert drawing.labels().getpixel((2, 2)) == 0
    assert outside > 0.3 * drawing.width * drawing.height
    assert blank > 1000


def test_a_dim_photograph_is_read_like_a_scan() -> None:
    light = Image.new("L", (2, 2))
    light.putdata([255, 238, 232, 205])
    light = light.resize((300, 400), Image.Resampling.BILINEAR)
    photograph = ImageChops.multiply(girl((246, 240, 228)), Image.merge("RGB", (light,) * 3))

    drawing = read_drawing(encoded(photograph, "JPEG"))

    assert drawing is not None
    assert {colour_name(colour) for colour in drawing.colours} >= {"red", "yellow", "blue", "black"}
    assert abs(drawing.width - drawn(girl()).width) < 12


def test_a_drawing_is_small_equal_and_hashable() -> None:
    first, second = drawn(girl()), drawn(girl())

    assert first == second
    assert hash(order_of(girl())) == hash(order_of(girl()))
    assert len(first.packed) < 8000
    assert first != drawn(monster())


@pytest.mark.parametrize("colour", [(255, 255, 255), (200, 40, 40), (0, 0, 0)])
def test_an_empty_sheet_has_no_drawing(colour: Colour) -> None:
    assert read_drawing(encoded(Image.new("RGB", (64, 40), colour))) is None


def test_noise_and_thin_slices_are_read_without_harm() -> None:
    noise = Image.frombytes("RGB", (70, 90), random.Random(1).randbytes(70 * 90 * 3))
    slice_ = Image.new("RGB", (600, 3), (255, 255, 255))
    slice_.paste(RED, (200, 1, 400, 3))

    for picture in (noise, slice_):
        drawing = read_drawing(encoded(picture))
        if drawing is not None:
            assert paint(Order(text="a girl", seed=1, side=64, drawing=drawing)).size == (64, 64)


@pytest.mark.parametrize("content", [b"", b"<html>", encoded(girl())[:900]])
def test_what_is_no_picture_is_no_drawing(content: bytes) -> None:
    with pytest.raises(ValueError, match="not a picture"):
        read_drawing(content)


# --- painting


def test_a_figure_is_painted_after_the_drawing() -> None:
    painted = paint(order_of(girl(), quarter=1))
    without = paint(order_of(girl(), quarter=1, drawing=None, text=f"a grey mouse, {PLACE}"))

    for name in ("red", "yellow", "blue"):
        assert share_of(painted, name) > 0.01, name
    assert share_of(painted, "red") > share_of(without, "red") + 0.05
    upper, lower = painted.crop((0, 0, 96, 52)), painted.crop((0, 96, 96, 128))
    assert share_of(upper, "yellow") > share_of(lower, "yellow")
    assert share_of(lower, "blue") > share_of(upper, "blue")


def test_the_painted_outline_is_the_drawings() -> None:
    tall = paint(order_of(girl(), quarter=2, ratio=(1, 1)))
    wide = paint(order_of(monster(), quarter=2, ratio=(1, 1)))

    def bounds(picture: Image.Image, name: str) -> tuple[int, int]:
        mask = Image.new("L", picture.size)
        mask.putdata([255 * (colour_name(pixel) == name) for pixel in pixels(picture)])
        left, top, right, bottom = mask.getbbox() or (0, 0, 0, 0)
        return right - left, bottom - top

    width, height = bounds(wide, "green")
    assert width > 1.3 * height > 40
    width, height = bounds(tall, "red")
    assert 0 < width < 60 < 128


def test_equal_orders_give_equal_bytes_and_the_four_differ() -> None:
    order = order_of(girl())
    assert encode_png(paint(order)) == encode_png(paint(order_of(girl())))
    assert encode_png(paint(order)) != encode_png(paint(replace(order, seed=8)))

    four = [paint_quarter(order, quarter, (96, 128)) for quarter in (1, 2, 3, 4)]
    for index, first in enumerate(four):
        for second in four[index + 1 :]:
            assert difference(first, second) > 3


@pytest.mark.parametrize("picture", [girl(), monster()])
def test_a_quarter_is_the_same_composition_at_any_size(picture: Image.Image) -> None:
    order = order_of(picture)
    small = paint_quarter(order, 3, (72, 96))
    large = paint_quarter(order, 3, (288, 384)).resize((72, 96), Image.Resampling.BOX)

    assert difference(small, large) < 6


def test_partial_pictures_come_closer_to_the_painted_drawing() -> None:
    order = order_of(girl())
    final = paint(order).resize(paint_partial(order, 0).size)
    steps = [difference(paint_partial(order, percent), final) for percent in (0, 30, 60, 93)]

    assert steps == sorted(steps, reverse=True)


def test_more_weight_is_nearer_to_the_drawings_colours() -> None:
    crayon = (235, 20, 215)

    def distance_at(weight: float) -> float:
        painted = paint(order_of(monster(crayon), quarter=1, ratio=(1, 1), weight=weight))
        red, green, blue = ImageStat.Stat(painted.crop((48, 72, 80, 84))).mean
        return distance(crayon, (round(red), round(green), round(blue)))

    assert distance_at(3) + 15 < distance_at(1) < distance_at(0.2) - 5


def test_without_weight_only_the_colours_count() -> None:
    none, plain = (order_of(girl(), weight=0.0), order_of(girl(), drawing=None))

    assert difference(paint(none), paint(plain)) < 12
    assert difference(paint(none), paint(order_of(girl()))) > 12


def test_a_landscape_takes_no_drawing() -> None:
    order = order_of(girl(), text="a castle on a hill, wide empty scene, no people", ratio=(16, 9))

    assert encode_png(paint(order)) == encode_png(paint(replace(order, drawing=None)))


# --- describing


def test_a_description_names_colours_and_shape() -> None:
    texts = describe(drawn(girl()), ()).split("\n\n")

    assert [text[:3] for text in texts] == [f"{number}️⃣" for number in (1, 2, 3, 4)]
    assert "a tall figure in red with blue feet, yellow at the top" in texts[0]
    assert "wide" in describe(drawn(monster()), ())
    assert "green" in describe(drawn(monster()), ())
    assert "a plain picture in red" in describe(None, (RED,))


@pytest.mark.parametrize("seed", range(12))
def test_a_description_is_clean_english(seed: int) -> None:
    rng = random.Random(seed)
    picture = Image.new("RGB", (rng.randint(60, 300), rng.randint(60, 300)), (255, 255, 255))
    pen = ImageDraw.Draw(picture)
    for _ in range(6):
        x, y = rng.randrange(picture.width), rng.randrange(picture.height)
        colour = (rng.randrange(256), rng.randrange(256), rng.randrange(256))
        pen.ellipse((x - 40, y - 40, x + 40, y + 40), fill=colour)

    text = describe(drawn(picture), ())

    assert find_banned_word(text) is None
    assert re.fullmatch(
        r"(?:[1-4]️⃣ an? [a-z', -]+\n\n|[1-4]️⃣ one [a-z', -]+\n\n){3}4️⃣ [a-z', -]+", text
    )
    assert text == describe(drawn(picture), ())


# --- through the proxy


@pytest.fixture(scope="module")
def proxy() -> Iterator[Client]:
    with proxy_client(core_size=50) as client:
        yield client


def test_an_uploaded_drawing_is_seen_in_grid_and_upscale(proxy: Client) -> None:
    plain = proxy.finished(f"a grey mouse, {PLACE} --seed 3")
    parent = proxy.finished(f"a grey mouse, {PLACE} --seed 3", base64Array=[as_data_url(girl())])

    before, after = (proxy.picture(task["imageUrl"]) for task in (plain, parent))
    assert share_of(after, "red") > share_of(before, "red") + 0.04
    upscaled = proxy.ended(proxy.upscale(parent["id"], 2))
    assert share_of(proxy.picture(upscaled["imageUrl"]), "yellow") > 0.02


def test_an_image_url_in_front_of_the_words_shows_the_same_drawing(proxy: Client) -> None:
    words = f"a girl, {PLACE} --seed 11"
    uploaded = proxy.finished(words, base64Array=[as_data_url(girl())])
    typed = proxy.finished(f"{uploaded['prompt'].split(' ')[0]} {words}")
    weighted = proxy.finished(f"{typed['prompt']} --iw 2.5")

    bytes_of = [proxy.session.get(t["imageUrl"]).content for t in (uploaded, typed, weighted)]
    assert bytes_of[0] == bytes_of[1] != bytes_of[2]


def test_a_partial_picture_is_of_the_drawing_once_that_was_read() -> None:
    bench = Bench()
    task = bench.task(bench.imagine("http://a.example/girl.png a girl --iw 2"))
    bench.clock.advance(2)
    look = Look(colours=(RED, YELLOW), drawing=drawn(girl()))
    report = LinkReport(colours=look.colours, looks=(("http://a.example/girl.png", look),))
    bench.link_reports[0](report)
    bench.clock.advance(40)

    assert task.image_url is not None
    url = urlsplit(task.image_url)
    _, _, channel, message, name = url.path.split("/")
    partial = bench.attachments.find(
        (channel, message, name), dict(parse_qsl(url.query)), bench.clock.time()
    )
    assert partial is not None
    assert partial.order is not None
    assert partial.percent is not None
    assert (partial.order.drawing, partial.order.weight) == (look.drawing, 2.0)


def test_an_upload_that_is_no_picture_is_an_invalid_link(proxy: Client) -> None:
    broken = f"data:image/png;base64,{base64.b64encode(encoded(girl())[:900]).decode()}"
    task = proxy.ended(proxy.imagine(f"a girl, {PLACE}", base64Array=[broken]))

    assert task["status"] == "FAILURE"
    assert task["failReason"].startswith("[Invalid link!]")


def test_describe_speaks_of_the_uploaded_picture(proxy: Client) -> None:
    def described(url: str) -> str:
        answer = proxy.post("/mj/submit/describe", {"base64": url}).json()
        return str(proxy.ended(answer["result"])["properties"]["finalPrompt"])

    assert "tall figure in red with blue feet" in described(as_data_url(girl()))
    assert "wide" in described(as_data_url(monster()))
    assert "a plain picture in blue" in described(data_url((40, 80, 200)))


@pytest.mark.parametrize(
    "parameters",
    ["--cref {} --niji 7", "--cref {} --v 8", "--cref {} --v 8.1", "--cref {} --v 7"],
)
def test_a_character_reference_of_another_version_is_refused(parameters: str) -> None:
    prompt = parse_prompt("a girl " + parameters.format("http://a.example/girl.png"))

    reason = refusal(prompt)
    assert reason is not None
    assert reason.startswith("[Invalid parameter] `--cref` is not compatible with")


@pytest.mark.parametrize("parameters", ["--cref {} --niji 6", "--cref {} --v 6.1", "--oref {}"])
def test_references_of_the_right_version_are_taken(parameters: str) -> None:
    assert refusal(parse_prompt("a girl " + parameters.format("http://a.example/g.png"))) is None
