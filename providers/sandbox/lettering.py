"""Text in a picture: which font can draw it, and how it is broken into lines."""

import unicodedata
from typing import TypeAlias

from PIL import ImageDraw, ImageFont

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
