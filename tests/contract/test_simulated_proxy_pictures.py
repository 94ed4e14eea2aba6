"""Picture URLs of the simulated proxy (the proxy's contract, section 2.3)."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from PIL import Image, ImageChops, ImageStat

from tests.contract.proxy_client import Client, data_url, proxy_client, wait_for

GONE = "This content is no longer available."


@pytest.fixture(scope="module")
def proxy() -> Iterator[Client]:
    with proxy_client(core_size=50) as client:
        yield client


def difference(first: Image.Image, second: Image.Image) -> float:
    """Return the mean difference of two pictures, 0..255."""
    size = (48, 48)
    changed = ImageChops.difference(first.resize(size), second.resize(size))
    return sum(ImageStat.Stat(changed).mean) / 3


def test_the_final_url_looks_like_discords_and_serves_a_png(proxy: Client) -> None:
    task = proxy.finished("A brave, red fox! --ar 1:1")

    url = re.escape(proxy.url)
    pattern = (
        rf"{url}/attachments/\d{{19}}/\d{{19}}/fairytale_A_brave_red_fox_[0-9a-f-]{{36}}\.png"
        r"\?ex=[0-9a-f]+&is=[0-9a-f]+&hm=[0-9a-f]{64}"
    )
    assert re.fullmatch(pattern, task["imageUrl"])
    answer = proxy.session.get(task["imageUrl"])
    assert answer.headers["Content-Type"] == "image/png"
    assert int(answer.headers["Content-Length"]) == len(answer.content)
    assert answer.content.startswith(b"\x89PNG")


def test_a_wrong_signature_or_path_is_gone(proxy: Client) -> None:
    url = proxy.finished()["imageUrl"]

    for broken in (
        url[:-1] + ("0" if url[-1] != "0" else "1"),
        url.split("?")[0],
        url.replace("ex=", "ex=f"),
        url.replace("is=", "is=1"),
        url.replace("fairytale", "other"),
    ):
        answer = proxy.session.get(broken)
        assert (answer.status_code, answer.text) == (404, GONE)


def test_an_expired_url_is_gone_and_no_reference_any_more() -> None:
    with proxy_client(url_ttl=0.001) as proxy:
        url = proxy.finished()["imageUrl"]

        def gone() -> bool:
            return proxy.session.get(url).status_code == 404

        wait_for(gone, "the URL's expiry")
        assert proxy.session.get(url).text == GONE
        task = proxy.ended(proxy.imagine(f"a fox --sref {url}"))
        assert task["failReason"].startswith("[Invalid link!]")


def test_a_partial_pictures_url_is_gone_at_the_end(proxy: Client) -> None:
    task_id = proxy.imagine()
    seen: dict[str, None] = {}

    def done(task: dict[str, Any]) -> bool:
        if task["imageUrl"]:
            seen[task["imageUrl"]] = None
        return bool(task["status"] == "SUCCESS")

    final = proxy.wait(task_id, done)["imageUrl"]

    assert final in seen
    for url in seen:
        assert proxy.session.get(url).status_code == (200 if url == final else 404)


def test_a_partial_picture_of_a_hanging_task_can_be_looked_at(proxy: Client) -> None:
    proxy.faults({"kind": "hang", "progress": 54, "prompt_contains": "lazy"})
    task_id = proxy.imagine("a lazy fox")
    task = proxy.wait(task_id, lambda task: task["progress"] == "54%")

    answer = proxy.session.get(task["imageUrl"])
    assert answer.headers["Content-Type"] == "image/webp"
    assert answer.content[8:12] == b"WEBP"


def test_each_upscale_is_its_quarter_of_the_grid_at_full_size(proxy: Client) -> None:
    parent = proxy.finished("a red fox with a blue scarf --seed 5")
    grid = proxy.picture(parent["imageUrl"])
    assert grid.size == (128, 128)
    quarters = [grid.crop((x, y, x + 64, y + 64)) for y in (0, 64) for x in (0, 64)]

    for index in (1, 2, 3, 4):
        task = proxy.ended(proxy.upscale(parent["id"], index))
        picture = proxy.picture(task["imageUrl"])
        assert picture.size == (128, 128)
        nearest = min(range(4), key=lambda quarter: difference(picture, quarters[quarter]))
        assert nearest == index - 1
        assert difference(picture, quarters[nearest]) < 8


@pytest.mark.parametrize(
    ("ratio", "size"), [("16:9", (128, 72)), ("3:4", (96, 128)), ("1:1", (128, 128))]
)
def test_the_ratio_shapes_grid_and_upscale(
    proxy: Client, ratio: str, size: tuple[int, int]
) -> None:
    parent = proxy.finished(f"a forest --ar {ratio}")

    assert proxy.picture(parent["imageUrl"]).size == size
    assert proxy.picture(proxy.ended(proxy.upscale(parent["id"]))["imageUrl"]).size == size


def test_equal_prompt_and_seed_give_equal_bytes(proxy: Client) -> None:
    def content(prompt: str) -> bytes:
        return proxy.session.get(proxy.finished(prompt)["imageUrl"]).content

    assert content("a fox --seed 4") == content("a fox --seed 4")
    assert content("a fox --seed 4") != content("a fox --seed 5")
    assert content("a fox") != content("a fox")


def test_a_variation_and_a_reroll_are_new_grids(proxy: Client) -> None:
    parent = proxy.finished("a red fox")
    grid = proxy.picture(parent["imageUrl"])

    for action, index in (("VARIATION", 2), ("REROLL", None)):
        task = proxy.ended(proxy.change(parent["id"], action, index)["result"])
        assert difference(proxy.picture(task["imageUrl"]), grid) > 0.5
        assert proxy.change(task["id"])["code"] == 1


def _average(proxy: Client, prompt: str, **fields: Any) -> tuple[float, ...]:
    picture = proxy.picture(proxy.finished(prompt, **fields)["imageUrl"])
    return tuple(ImageStat.Stat(picture).mean)


@pytest.mark.parametrize(
    "parameter", ["--sref {}", "--cref {} --v 6.1", "--oref {} --v 7", "{} lead"]
)
def test_a_references_colours_enter_the_picture(proxy: Client, parameter: str) -> None:
    def prompt_with(colour: tuple[int, int, int]) -> str:
        source = proxy.finished("a fox", base64Array=[data_url(colour)])["prompt"].split(" ")[0]
        if parameter.startswith("{}"):
            return f"{source} a green meadow landscape --seed 9"
        return f"a green meadow landscape --seed 9 {parameter.format(source)}"

    red, blue = (_average(proxy, prompt_with(colour)) for colour in ((200, 40, 40), (40, 60, 200)))
    assert red[0] > blue[0] + 4
    assert blue[2] > red[2] + 4


def test_an_upload_is_a_reference_too(proxy: Client) -> None:
    red, blue = (
        _average(proxy, "a meadow landscape --seed 9", base64Array=[data_url(colour)])
        for colour in ((200, 40, 40), (40, 60, 200))
    )

    assert red[0] > blue[0] + 4
