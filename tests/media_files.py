"""Small real media files, made when a test asks for them."""

from fractions import Fraction
from pathlib import Path

import av
from PIL import Image


def make_image(path: Path, size: tuple[int, int] = (64, 48), name: str = "PNG", turned: bool = False) -> Path:
    """An image; `turned` adds the EXIF note that it is to be shown rotated by 90 degrees."""
    image = Image.linear_gradient("L").resize(size).convert("RGB")
    exif = Image.Exif()
    if turned:
        exif[0x0112] = 6
    image.save(path, name, exif=exif)
    return path


def make_video(
    path: Path, size: tuple[int, int] = (96, 64), seconds: float = 2.0, fps: int = 8, codec: str = "libx264"
) -> Path:
    """A video of moving noise-free stripes; MP4s get their index first, as providers deliver them."""
    options = {"movflags": "+faststart"} if path.suffix in (".mp4", ".mov") else {}
    with av.open(str(path), "w", options=options) as container:
        stream = container.add_stream(codec, rate=fps)
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height, stream.pix_fmt = *size, "yuv420p"
        stream.time_base = Fraction(1, fps)
        for number in range(round(seconds * fps)):
            image = Image.new("RGB", size, (number * 16 % 256, 90, 160))
            frame = av.VideoFrame.from_image(image)  # type: ignore[no-untyped-call]
            frame.pts = number
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path
