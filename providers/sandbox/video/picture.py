"""What a sandbox clip shows: a soft gradient or the first frame, the prompt in the lower third, and quiet labels.

Text in a picture: which font can draw it, and how it is broken into lines.
"""

import colorsys
import hashlib
import math
import unicodedata
from pathlib import Path
from typing import TypeAlias

from PIL import Image, ImageDraw, ImageFont, ImageOps

Font: TypeAlias = ImageFont.FreeTypeFont | ImageFont.ImageFont

# For letters that the built-in font, plain Latin, has not. Pillow finds these by name where they are installed.
SYSTEM_FONTS = (
    "NotoSansCJK-Regular.ttc",
    "PingFang.ttc",
    "Hiragino Sans GB.ttc",
    "Arial Unicode.ttf",
    "NotoSans-Regular.ttf",
    "DejaVuSans.ttf",
    "LiberationSans-Regular.ttf",
    "Arial.ttf",
)
PLAIN = str.maketrans({"—": "-", "–": "-", "…": "...", "‘": "'", "’": "'", "“": '"', "”": '"'})
NO_GLYPH = "\U0010fffe"


def drawable(text: str, size: float) -> tuple[str, Font]:
    """`text` and a font that has all of it; without one, what the built-in font has, accents taken off."""
    text = " ".join("".join(letter for letter in text if letter.isprintable() or letter.isspace()).split())
    own = ImageFont.load_default(size=size)
    for spelled in (text, text.translate(PLAIN)):
        if not missing(spelled, own):
            return spelled, own
    for name in SYSTEM_FONTS:
        try:
            font = ImageFont.truetype(name, size=size)
        except OSError:
            continue
        if not missing(text, font):
            return text, font
    plain = unicodedata.normalize("NFKD", text.translate(PLAIN))
    lost = missing(plain, own)
    return " ".join("".join(letter for letter in plain if letter not in lost).split()), own


def missing(text: str, font: Font) -> set[str]:
    """The letters of `text` that `font` would draw as an empty box."""
    box = bytes(font.getmask(NO_GLYPH))
    return {letter for letter in set(text) if letter != " " and bytes(font.getmask(letter)) == box}


def wrapped(draw: ImageDraw.ImageDraw, text: str, font: Font, wide: float, most: int) -> list[str]:
    """`text` in at most `most` lines of `wide` pixels; what does not fit ends in an ellipsis."""
    lines: list[str] = []
    line = ""
    for word in _pieces(draw, text, font, wide):
        longer = f"{line} {word}".strip()
        if not line or draw.textlength(longer, font=font) <= wide:
            line = longer
            continue
        lines.append(line)
        line = word
    lines.append(line)
    if len(lines) <= most:
        return lines
    return [*lines[: most - 1], _cut(draw, lines[most - 1], font, wide)]


def _pieces(draw: ImageDraw.ImageDraw, text: str, font: Font, wide: float) -> list[str]:
    """The words, those too long for a line in parts: Chinese, for one, has no spaces to break at."""
    pieces = []
    for word in text.split(" "):
        while len(word) > 1 and draw.textlength(word, font=font) > wide:
            fits = max(1, int(len(word) * wide / draw.textlength(word, font=font)))
            pieces.append(word[:fits])
            word = word[fits:]
        pieces.append(word)
    return pieces


def _cut(draw: ImageDraw.ImageDraw, line: str, font: Font, wide: float) -> str:
    while line and draw.textlength(line + "...", font=font) > wide:
        line = line[:-1]
    return line.rstrip(" ,.;:") + "..."


GRID = (32, 18)
MARGIN = 0.07
PROMPT_LINES = 3
COOLEST, WARMEST = (
    0.47,
    1.03,
)  # hues from teal over blue and violet to coral: greens and yellows look ill in a gradient
QUIET = (214, 217, 224)


def background(width: int, height: int, seed: str, first_frame: Path | None) -> Image.Image:
    """The still behind the text, `width` by `height` pixels; a file that is no image leaves the gradient."""
    picture = _opened(first_frame, (width, height)) or gradient(width, height, seed)
    return _darken_bottom(picture)


def gradient(width: int, height: int, seed: str) -> Image.Image:
    """Three soft lights in neighbouring colours, the same for the same seed."""
    digest = hashlib.sha256(seed.encode()).digest()
    hue = COOLEST + (WARMEST - COOLEST) * digest[0] / 255
    lights = [
        (
            digest[3 * k + 1] / 255,
            digest[3 * k + 2] / 255,
            colorsys.hsv_to_rgb((hue + turn) % 1, depth, light),
        )
        for k, (turn, depth, light) in enumerate([(0.0, 0.62, 0.62), (0.09, 0.5, 0.86), (-0.12, 0.7, 0.42)])
    ]
    base = colorsys.hsv_to_rgb((hue + 0.03) % 1, 0.65, 0.24)
    columns, rows = GRID
    small = Image.new("RGB", GRID)
    small.putdata([_mixed(x / columns, y / rows, base, lights) for y in range(rows) for x in range(columns)])
    return small.resize((width, height), Image.Resampling.BICUBIC)


def _mixed(
    x: float,
    y: float,
    base: tuple[float, float, float],
    lights: list[tuple[float, float, tuple[float, float, float]]],
) -> tuple[int, int, int]:
    mixed = base
    for left, top, colour in lights:
        near = math.exp(-((x - left) ** 2 + (y - top) ** 2) / 0.16)
        mixed = tuple(was + (light - was) * near for was, light in zip(mixed, colour, strict=True))  # type: ignore[assignment]
    red, green, blue = mixed
    return round(red * 255), round(green * 255), round(blue * 255)


def _opened(path: Path | None, size: tuple[int, int]) -> Image.Image | None:
    if path is None:
        return None
    try:
        with Image.open(path) as image:
            image.draft("RGB", size)
            upright = ImageOps.exif_transpose(image).convert("RGB")
            return ImageOps.fit(upright, size, Image.Resampling.BILINEAR)
    except (OSError, ValueError, Image.DecompressionBombError):
        return None


def _darken_bottom(picture: Image.Image) -> Image.Image:
    shade = Image.linear_gradient("L").point([max(0, level - 96) for level in range(256)])
    black = Image.new("RGB", picture.size)
    return Image.composite(black, picture, shade.resize(picture.size, Image.Resampling.BILINEAR))


def lettered(still: Image.Image, prompt: str, endpoint: str) -> Image.Image:
    """A copy of `still` with the prompt, the endpoint, the tag that says Sandbox, and the track of the moving line."""
    picture = still.copy()
    draw = ImageDraw.Draw(picture, "RGBA")
    width, height = picture.size
    unit = min(width, height)
    margin = round(unit * MARGIN)
    _tag(draw, margin, "Sandbox", unit, right=False)
    bottom = height - round(margin * 1.35)
    name, small = drawable(endpoint, _small(unit))
    draw.text((width / 2, bottom), name, font=small, fill=QUIET, anchor="ms")
    _prompt(draw, prompt, (width / 2, bottom - unit * 0.075), width - 3 * margin, unit)
    draw.rectangle(line_box(width, height), fill=(255, 255, 255, 60))
    return picture


def timed(picture: Image.Image, second: int) -> Image.Image:
    """A copy of `picture` with the running time in its upper right corner."""
    copy = picture.copy()
    unit = min(copy.size)
    place = copy.width - round(unit * MARGIN)
    _tag(ImageDraw.Draw(copy, "RGBA"), place, f"{second // 60}:{second % 60:02}", unit, right=True)
    return copy


def line_box(width: int, height: int) -> tuple[int, int, int, int]:
    """Left, top, right and bottom pixel of the thin line's track, on even pixels."""
    unit = min(width, height)
    margin = round(unit * MARGIN) // 2 * 2
    thick = max(2, round(unit / 360) * 2)
    top = (height - margin // 2) // 2 * 2 - thick
    return margin, top, (width - margin) // 2 * 2 - 1, top + thick - 1


def _small(unit: int) -> float:
    return max(10, unit * 0.026)


def _tag(draw: ImageDraw.ImageDraw, edge: float, text: str, unit: int, *, right: bool) -> None:
    """A rounded label in the upper row that begins, or with `right` ends, at `edge`."""
    font = ImageFont.load_default(size=_small(unit))
    long, tall = draw.textlength(text, font=font), _small(unit) * 2
    left, top = edge - (long + tall if right else 0), unit * MARGIN * 0.9
    box = (left, top, left + long + tall, top + tall)
    draw.rounded_rectangle(box, radius=tall / 2, fill=(0, 0, 0, 96), outline=(255, 255, 255, 64))
    draw.text((left + tall / 2, top + tall / 2), text, font=font, fill="white", anchor="lm")


def _prompt(
    draw: ImageDraw.ImageDraw, prompt: str, place: tuple[float, float], wide: float, unit: int
) -> None:
    text, font = drawable(prompt, max(12, unit * 0.056))
    lines = "\n".join(wrapped(draw, text, font, wide, PROMPT_LINES))
    draw.multiline_text(
        place, lines, font=font, fill="white", anchor="md", align="center", spacing=unit * 0.016
    )
