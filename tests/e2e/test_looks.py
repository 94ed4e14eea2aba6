"""Drawings, options, likenesses and candidates through the whole stack, and both proxies."""

import base64
import io
from collections import Counter

import pytest
import requests
from PIL import Image as Picture
from PIL import ImageDraw

RED, YELLOW, BLUE = (214, 40, 57), (250, 200, 40), (50, 90, 200)


def drawing() -> str:
    """A girl in a red dress with yellow hair, as a child draws her, as a data URL."""
    paper = Picture.new("RGB", (600, 800), "white")
    pen = ImageDraw.Draw(paper)
    pen.ellipse((220, 80, 380, 260), fill=YELLOW)
    pen.ellipse((245, 110, 355, 240), fill=(255, 224, 200), outline="black", width=6)
    pen.polygon([(300, 240), (160, 560), (440, 560)], fill=RED, outline="black", width=6)
    pen.rectangle((230, 560, 260, 720), fill=BLUE)
    pen.rectangle((340, 560, 370, 720), fill=BLUE)
    file = io.BytesIO()
    paper.save(file, "PNG")
    return "data:image/png;base64," + base64.b64encode(file.getvalue()).decode()


def share_of(url: str, colour: tuple[int, int, int]) -> float:
    """Which share (0..1) of a picture's pixels is of that hue, and as strong."""
    answer = requests.get(url, timeout=30)
    with Picture.open(io.BytesIO(answer.content)) as picture:
        pixels = list(picture.convert("HSV").get_flattened_data())
    hue, strong, _ = Picture.new("RGB", (1, 1), colour).convert("HSV").getpixel((0, 0))
    near = [p for p in pixels if min(abs(p[0] - hue), 255 - abs(p[0] - hue)) < 14]
    return sum(p[1] > strong * 0.45 for p in near) / len(pixels)


def actions(backend, job_id) -> Counter[str]:
    return Counter(submit["action"] for submit in backend.submits(job_id))


def test_a_drawing_shows_in_what_is_painted_after_it(backend):
    tale = backend.tale(1, 0)
    del tale["characters"][0]["prompt"]

    answer = backend.generate({**tale, "sketchImage": drawing()})
    book = backend.wait(answer.json()["jobId"])

    hero = book["images"][0]
    assert (hero["status"], hero["error"]) == ("succeeded", None)
    assert "red" in hero["description"]
    assert actions(backend, book["jobId"]) == {"DESCRIBE": 1, "IMAGINE": 1, "UPSCALE": 1}
    imagine = next(s for s in backend.submits(book["jobId"]) if s["action"] == "IMAGINE")
    assert imagine["prompt"].startswith("http")  # the drawing, as an image prompt
    assert "--iw 2" in imagine["prompt"]
    assert share_of(hero["imageUrl"], RED) > 0.04  # the dress
    assert share_of(hero["imageUrl"], YELLOW) > 0.01  # the hair


def test_a_drawing_and_words_go_together_for_any_character(backend):
    tale = backend.tale(2, 0)
    tale["characters"][1]["sketchImage"] = drawing()

    book = backend.wait(backend.generate(tale).json()["jobId"])

    assert book["status"] == "succeeded"
    assert actions(backend, book["jobId"]) == {"IMAGINE": 2, "UPSCALE": 2}
    prompt = backend.submits(book["jobId"])[-1]["prompt"]
    assert prompt.startswith("http")
    assert "--sref http" in prompt
    assert "a fox" in prompt


@pytest.mark.parametrize(
    ("sketch", "code"),
    [
        (
            "data:image/png;base64," + base64.b64encode(b"GIF89a no").decode(),
            "wrong_format",
        ),
        (drawing()[: 22 + len(drawing()) // 8 * 4], "broken_picture"),
        ("https://127.0.0.1/mina.png", "link_not_allowed"),
        ("https://metadata.google.internal/mina.png", "link_not_allowed"),
    ],
    ids=["no picture", "cut off", "loopback", "not listed"],
)
def test_a_wrong_drawing_creates_nothing(backend, sketch, code):
    answer = backend.generate({**backend.tale(1, 0), "sketchImage": sketch})

    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert answer.json()["errors"][0]["pointer"] == "/sketchImage"


def test_options_and_a_likeness(backend):
    tale = backend.tale(2, 1)
    tale["characters"][1]["sameAs"] = "Mina"
    catalogue = requests.get(f"{backend.url}/styles", timeout=30).json()
    hair = next(c for c in catalogue["categories"] if c["id"] == "hair_colour")["options"][0]

    book = backend.wait(backend.generate({**tale, "optionIds": [hair["id"]]}).json()["jobId"])

    assert book["status"] == "succeeded"
    hero, again, background = [
        s["prompt"] for s in backend.submits(book["jobId"]) if s["action"] == "IMAGINE"
    ]
    assert hair["label"].lower().split()[0] in hero
    references = [again, background] if "--oref" in again else [background, again]
    assert ["--oref" in prompt for prompt in references] == [True, False]


def test_another_candidate_is_enlarged_without_a_new_imagine(backend):
    job_id = backend.generate(backend.tale(2, 0)).json()["jobId"]
    fox = backend.wait(job_id)["images"][1]
    assert [c["candidate"] for c in fox["candidates"]] == [1, 2, 3, 4]
    for candidate in fox["candidates"]:
        preview = requests.get(candidate["previewUrl"], timeout=30)
        assert (preview.status_code, preview.headers["Content-Type"]) == (200, "image/webp")
    other = fox["candidate"] % 4 + 1

    assert backend.regenerate(fox["imageId"], candidate=other).status_code == 202
    again = backend.wait(job_id)["images"][1]

    assert (again["candidate"], again["error"]) == (other, None)
    assert again["imageUrl"] != fox["imageUrl"]
    assert len(backend.submits(job_id)) == 3  # the hero's two, and of this generation only one
    assert backend.submits(job_id)[-1]["index"] == other


def test_a_candidate_that_the_proxy_has_forgotten_leaves_the_picture_as_it_was(backend):
    job_id = backend.generate(backend.tale(1, 0)).json()["jobId"]
    hero = backend.wait(job_id)["images"][0]
    requests.post(f"{backend.stack.proxy_control_url}/restart", timeout=10).raise_for_status()

    assert backend.regenerate(hero["imageId"], candidate=4).status_code == 202
    again = backend.wait(job_id)["images"][0]

    assert (again["status"], again["imageUrl"]) == ("succeeded", hero["imageUrl"])
    assert again["error"]["code"] == "candidate_lost"


# --- the other proxy -----------------------------------------------------------------------------


def test_books_before_the_other_proxy_are_paid_for_once(trueai_backend):
    backend = trueai_backend
    tales = [backend.tale(2, 1), {**backend.tale(1, 1), "sketchImage": drawing()}]
    jobs = [backend.generate(tale).json()["jobId"] for tale in tales]

    books = [backend.wait(job_id, 150) for job_id in jobs]

    assert [book["status"] for book in books] == ["succeeded"] * 2
    for book in books:
        pictures = len(book["images"])
        assert actions(backend, book["jobId"]) == {"IMAGINE": pictures, "UPSCALE": pictures}
        for image in book["images"]:
            assert_finished(image)


def assert_finished(image) -> None:
    """Its variants are what they say, and a character is cut out, or it is said why not."""
    names = {"original", "preview"}
    if not image["warnings"]:
        names.add("cutout" if image["kind"] == "character" else "blurred")
    assert set(image["variants"]) == names
    for name, variant in image["variants"].items():
        answer = requests.get(variant["url"], timeout=30)
        assert answer.headers["Content-Type"] == variant["contentType"]
        with Picture.open(io.BytesIO(answer.content)) as picture:
            assert picture.size == (variant["width"], variant["height"])
            assert (name == "cutout") <= (picture.mode == "RGBA")


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "modal", "times": 2},
        {"kind": "queue_full", "times": 3},
        {"kind": "drop_answer", "times": 2},
        {"kind": "error_after_submit", "times": 1},
        {"kind": "fail", "times": 1},
        {"kind": "hang", "times": 1},
    ],
    ids=lambda fault: fault["kind"],
)
def test_the_other_proxys_faults_are_survived(trueai_backend, fault):
    backend = trueai_backend
    backend.faults(fault)

    book = backend.wait(backend.generate(backend.tale(1, 1)).json()["jobId"], 150)

    assert (book["status"], book["error"]) == ("succeeded", None)
    counted = actions(backend, book["jobId"])
    more = 1 if fault["kind"] in {"fail", "hang"} else 0
    assert counted["IMAGINE"] + counted["UPSCALE"] == 4 + more


def test_another_candidate_before_the_other_proxy(trueai_backend):
    backend = trueai_backend
    job_id = backend.generate(backend.tale(1, 0)).json()["jobId"]
    hero = backend.wait(job_id)["images"][0]

    assert backend.regenerate(hero["imageId"], candidate=4).status_code == 202

    assert backend.wait(job_id)["images"][0]["candidate"] == 4
    assert actions(backend, job_id) == {"UPSCALE": 1}  # of this generation
