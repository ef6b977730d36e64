"""`python -m bench.clips`: what the sandbox's clips cost, each rendered by a process of its own as in the sandbox."""

import resource
import subprocess
import sys
import tempfile
from pathlib import Path

import msgspec

from providers.sandbox.video.render import Errand

CLIPS = (
    ("fal-ai/veo3.1", {"resolution": "720p", "duration": "5"}),  # the aim for this one is under 2 s of CPU
    ("kwaivgi/kling-v2.1-master", {"duration": 10}),
    ("fal-ai/ltx-2/text-to-video", {"resolution": "2160p", "duration": 10}),
)


def cpu_seconds() -> float:
    """Of all children that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="shotlist-bench-") as folder:
        for endpoint, body in CLIPS:
            errand = Errand(
                endpoint, body, "A paper boat on a rainy street", None, str(Path(folder, "clip.mp4"))
            )
            before = cpu_seconds()
            made = subprocess.run(
                [sys.executable, "-m", "providers.sandbox.video.render"],
                input=msgspec.json.encode(errand),
                capture_output=True,
                check=True,
            )
            clip = msgspec.json.decode(made.stdout)
            print(
                f"{clip['width']}x{clip['height']} {clip['seconds']} s: {cpu_seconds() - before:.2f} s CPU, "
                f"{clip['bytes'] // 1024} KiB"
            )


if __name__ == "__main__":
    main()
