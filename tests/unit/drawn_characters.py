"""Characters drawn by the tests themselves, with exactly known masks, and grounds to stand on.

Everything is drawn at three times its size and made smaller, so that edges are as smooth as a
painter's, and what is known of them is exact.
"""

import math
import random
from dataclasses import dataclass

from PIL import Image, ImageChops, ImageDraw, ImageFilter

SIDE = 512
"""Pixels, of a picture's width and height."""
_FINE = 3
_INK = (58, 42, 46)


class Pen:
    """Draws outlined shapes in a square of 100 x 100 units."""

    def __init__(self, ink=_INK, line=0.7):
        self.image = Image.new("RGBA", (SIDE * _FINE, SIDE * _FINE))
        self.draw = ImageDraw.Draw(self.image)
        self.unit = SIDE * _FINE / 100
        self.ink, self.line = ink, round(line * self.unit)

    def at(self, points):
        return [(x * self.unit, y * self.unit) for x, y in points]

    def shape(self, colour, *points, ink=True):
        self.draw.polygon(self.at(points), fill=colour)
        if ink:
            ring = [*points, points[0], points[1]]
            self.draw.line(self.at(ring), fill=self.ink, width=self.line, joint="curve")

    def oval(self, colour, x, y, across, down=None, ink=True):
        down = across if down is None else down
        box = self.at([(x - across, y - down), (x + across, y + down)])
        self.draw.ellipse(
            box, fill=colour, outline=self.ink if ink else None, width=self.line if ink else 0
        )

    def limb(self, colour, thickness, *points, ink=True):
        """A stroke with round ends."""
        if ink:
            self.limb(self.ink, thickness + 2 * self.line / self.unit, *points, ink=False)
        width = round(thickness * self.unit)
        self.draw.line(self.at(points), fill=colour, width=width, joint="curve")
        for x, y in points:
            self.oval(colour, x, y, thickness / 2, ink=False)

    def face(self, x, y, gap=4.5, eye="black"):
        for side in (-1, 1):
            self.oval("white", x + side * gap, y, 2.3, 2.8)
            self.oval(eye, x + side * gap, y + 0.4, 1.2, 1.5, ink=False)
        box = self.at([(x - 3, y + 2), (x + 3, y + 7)])
        self.draw.arc(box, 20, 160, fill=self.ink, width=self.line)

    def finish(self):
        """The figure as RGBA, smooth, softly lit from the left."""
        light = Image.linear_gradient("L").rotate(75).resize(self.image.size)
        shade = light.point(lambda value: 205 + value * 50 // 255)
        rgb = ImageChops.multiply(self.image.convert("RGB"), Image.merge("RGB", [shade] * 3))
        rgb.putalpha(self.image.getchannel("A"))
        return rgb.resize((SIDE, SIDE), Image.Resampling.BOX)


def star(x, y, radius):
    return [
        (
            x + math.sin(math.pi * corner / 5) * radius * (0.45 if corner % 2 else 1),
            y - math.cos(math.pi * corner / 5) * radius * (0.45 if corner % 2 else 1),
        )
        for corner in range(10)
    ]


def girl_with_a_wand():
    pen, skin = Pen(), (240, 200, 170)
    for lock in range(9):  # loose hair, each lock a thin stroke
        x = 36 + lock * 3.5
        pen.limb((140, 80, 40), 1.2, (50, 22), (x, 34), (x + (lock - 4) * 0.9, 47))
    for side in (45, 55):
        pen.limb(skin, 3.5, (side, 74), (side, 88))
        pen.oval((90, 50, 60), side, 90, 4, 2.4)
    pen.limb(skin, 3.5, (42, 50), (32, 62))
    pen.limb(skin, 3.5, (58, 50), (70, 44))
    pen.shape((214, 66, 92), (44, 42), (56, 42), (66, 78), (34, 78))
    pen.oval(skin, 50, 30, 11, 12)
    pen.shape((140, 80, 40), (39, 27), (43, 17), (57, 17), (61, 27), (50, 23))
    pen.face(50, 30)
    pen.limb((120, 84, 50), 1.1, (68, 47), (80, 28))
    pen.shape((250, 206, 70), *star(81, 25, 6))
    return pen.finish()


def fox():
    pen, fur = Pen(), (232, 120, 48)
    pen.limb(fur, 9, (60, 78), (76, 74), (82, 58))
    pen.oval((250, 240, 226), 82, 55, 4.5, 6)
    for side in (-1, 1):
        pen.limb(fur, 6, (50 + side * 8, 74), (50 + side * 9, 90))
        pen.limb(fur, 5, (50 + side * 10, 52), (50 + side * 18, 66))
    pen.oval(fur, 50, 62, 15, 22)
    pen.oval((250, 240, 226), 50, 67, 8, 14)
    for side in (-1, 1):
        pen.shape(fur, (50 + side * 4, 22), (50 + side * 15, 8), (50 + side * 16, 28))
    pen.oval(fur, 50, 32, 17, 14)
    pen.oval((250, 240, 226), 50, 39, 8, 5, ink=False)
    pen.face(50, 29, 6)
    pen.oval("black", 50, 37, 1.8, 1.3)
    pen.shape((70, 140, 90), (38, 45), (62, 45), (60, 51), (40, 51))
    return pen.finish()


def robot():
    pen, steel = Pen(ink=(40, 50, 60)), (150, 170, 186)
    pen.limb((120, 130, 140), 1, (50, 20), (50, 9))
    pen.oval((230, 70, 70), 50, 8, 2.4)
    for side in (-1, 1):
        pen.limb(
            (120, 130, 140), 3, (50 + side * 15, 50), (50 + side * 27, 60), (50 + side * 25, 72)
        )
        pen.oval((200, 170, 60), 50 + side * 25, 74, 4)
        pen.limb((120, 130, 140), 4, (50 + side * 8, 76), (50 + side * 8, 88))
        left = 50 + side * 9 - 7
        pen.shape(steel, (left, 87), (left + 14, 87), (left + 14, 93), (left, 93))
    pen.shape(steel, (34, 44), (66, 44), (66, 78), (34, 78))
    pen.shape((90, 200, 190), (40, 50), (60, 50), (60, 62), (40, 62))
    pen.shape(steel, (36, 20), (64, 20), (64, 41), (36, 41))
    pen.face(50, 28, 6, eye=(30, 110, 190))
    return pen.finish()


def ghost():
    pen = Pen(ink=(120, 130, 160), line=0.6)
    hem = [(26 + step * 4, 86 if step % 2 else 79) for step in range(13)]
    crown = [
        (50 + 24 * math.cos(math.pi * turn / 24), 38 - 26 * math.sin(math.pi * turn / 24))
        for turn in range(25)
    ]
    pen.shape((236, 240, 250), *crown, *hem)
    for side in (-1, 1):
        pen.limb((236, 240, 250), 5, (50 + side * 22, 50), (50 + side * 32, 42))
    pen.oval((226, 232, 246), 50, 60, 16, 14, ink=False)
    pen.face(50, 36, 8)
    pen.oval((250, 200, 210), 38, 44, 3, 1.8, ink=False)
    pen.oval((250, 200, 210), 62, 44, 3, 1.8, ink=False)
    return pen.finish()


def witch():
    pen = Pen(ink=(20, 16, 26))
    pen.limb((110, 76, 46), 1.4, (24, 92), (34, 22))
    pen.shape((190, 150, 70), (18, 90), (30, 92), (30, 99), (14, 97))
    pen.shape((46, 36, 66), (42, 44), (58, 44), (72, 94), (34, 94))
    pen.limb((46, 36, 66), 6, (43, 50), (32, 58))
    pen.limb((46, 36, 66), 6, (57, 50), (70, 62))
    pen.oval((150, 190, 120), 31, 59, 2.6)
    pen.oval((150, 190, 120), 71, 64, 2.6)
    pen.shape((30, 24, 40), (38, 28), (62, 28), (64, 52), (36, 52))
    pen.oval((150, 190, 120), 50, 36, 9, 10)
    pen.face(50, 35, 4)
    pen.shape((40, 30, 58), (34, 28), (66, 28), (57, 24), (60, 4), (43, 24))
    return pen.finish()


def dragon():
    pen, green = Pen(), (96, 176, 96)
    for side in (-1, 1):
        tip = 50 + side * 42
        pen.shape((250, 190, 120), (50 + side * 10, 46), (tip, 26), (50 + side * 38, 44),
                  (50 + side * 34, 60), (50 + side * 22, 56))  # fmt: skip
    pen.limb(green, 6, (58, 80), (76, 88), (90, 78))
    pen.shape((230, 90, 80), *star(91, 76, 4))
    for side in (-1, 1):
        pen.limb(green, 7, (50 + side * 8, 76), (50 + side * 9, 90))
        pen.limb(green, 4, (50 + side * 12, 54), (50 + side * 20, 66))
        pen.shape((250, 230, 190), (50 + side * 5, 16), (50 + side * 9, 5), (50 + side * 11, 18))
    pen.oval(green, 50, 64, 15, 19)
    pen.oval((240, 232, 170), 50, 68, 9, 13)
    pen.oval(green, 50, 30, 16, 15)
    pen.face(50, 28, 6)
    return pen.finish()


CHARACTERS = {draw.__name__: draw for draw in (girl_with_a_wand, fox, robot, ghost, witch, dragon)}

# --- grounds --------------------------------------------------------------------------------------


def white():
    return Image.new("RGB", (SIDE, SIDE), "white")


def pastel():
    """As the prompts ask for: a pastel blue, with the grain of a painter's paper."""
    grain = Image.effect_noise((SIDE, SIDE), 5).filter(ImageFilter.GaussianBlur(0.7))
    ground = Image.new("RGB", (SIDE, SIDE), (196, 216, 238))
    return ImageChops.add(ground, Image.merge("RGB", [grain] * 3), 1, -128)


def gradient():
    """A wash from peach to lavender, brighter in the middle."""
    down = Image.linear_gradient("L").resize((SIDE, SIDE))
    wash = Image.composite(
        Image.new("RGB", (SIDE, SIDE), (214, 200, 240)),
        Image.new("RGB", (SIDE, SIDE), (252, 222, 200)),
        down,
    )
    glow = ImageChops.invert(Image.radial_gradient("L")).resize((SIDE, SIDE))
    return ImageChops.add(wash, Image.merge("RGB", [glow.point(lambda v: v // 12)] * 3))


def busy():
    """A meadow with hills, trees, flowers and clouds, out of focus as MidJourney likes to."""
    dice = random.Random(7)
    image = Image.new("RGB", (SIDE, SIDE), (170, 206, 236))
    draw = ImageDraw.Draw(image)
    for _ in range(6):
        x, y = dice.randrange(SIDE), dice.randrange(SIDE // 4)
        draw.ellipse((x - 70, y - 18, x + 70, y + 18), fill=(236, 242, 248))
    for height, colour in (
        (0.42, (150, 180, 190)),
        (0.52, (128, 176, 140)),
        (0.62, (110, 164, 96)),
    ):
        hills = [
            (x, SIDE * (height + 0.05 * math.sin(x / SIDE * 9 + height * 40)))
            for x in range(0, SIDE + 1, 8)
        ]
        draw.polygon([(0, SIDE), *hills, (SIDE, SIDE)], fill=colour)
    for _ in range(14):
        x, y, r = dice.randrange(SIDE), SIDE * dice.uniform(0.45, 0.6), dice.randrange(14, 34)
        draw.rectangle((x - 3, y, x + 3, y + 2 * r), fill=(110, 84, 60))
        draw.ellipse((x - r, y - r, x + r, y + r), fill=(80, dice.randrange(120, 160), 80))
    for _ in range(260):
        x, y = dice.randrange(SIDE), dice.randrange(round(SIDE * 0.64), SIDE)
        draw.ellipse((x - 3, y - 3, x + 3, y + 3), fill=dice.choice(
            [(240, 220, 120), (236, 150, 170), (250, 250, 250), (84, 130, 70)]))  # fmt: skip
    return image.filter(ImageFilter.GaussianBlur(2.5))


GROUNDS = {draw.__name__: draw for draw in (white, pastel, gradient, busy)}


@dataclass(frozen=True, kw_only=True)
class Scene:
    """A picture as the painter might have made it, and what an ideal cut-out of it is."""

    picture: Image.Image
    figure: Image.Image
    """RGBA, at its place in the picture."""


def scene(character: str, ground: str) -> Scene:
    figure = CHARACTERS[character]()
    picture = GROUNDS[ground]()
    picture.paste(figure, mask=figure)
    return Scene(picture=picture, figure=figure)
