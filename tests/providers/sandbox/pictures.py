"""Pictures to send, and the size of a clip that came back."""

import io

import av
from PIL import Image


def picture(width: int, height: int) -> bytes:
    """A PNG of one colour."""
    image = io.BytesIO()
    Image.new("RGB", (width, height), "teal").save(image, "PNG")
    return image.getvalue()


def clip_size(data: bytes) -> tuple[int, int]:
    """Width and height of a clip."""
    with av.open(io.BytesIO(data), "r") as video:
        stream = video.streams.video[0]
        return stream.width, stream.height
