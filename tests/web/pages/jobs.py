"""A job in any state, for the words of its card."""

from pathlib import Path
from typing import Any

from msgspec.structs import replace

import providers
from providers.description.loader import read_description
from providers.description.schema import ProviderDescription
from providers.outcomes import Operation, Submission
from tasks.jobs.model import Amounts, Job
from tasks.jobs.model import Output as Film

NOW = 1_800_000_000.0
OPERATION = Operation(id="op-1")
FILM = Film("video", "video.mp4", "video.jpg", 1280, 720, 5.0, "mp4", 3_200_000)


def _wire() -> ProviderDescription:
    """Any real description, under another name; what an end costs is not known of it."""
    wire = read_description(Path(providers.__file__).parent / "replicate.toml")
    assert isinstance(wire, ProviderDescription)
    return replace(wire, name="acme", display_name="Acme", billing={})


WIRE = _wire()
DEAF = replace(WIRE, cancel=None)

JOB = Job(
    id="j1",
    owner="local",
    model="boat-1",
    display_name="Boat 1",
    provider="acme",
    sandbox=False,
    origin="https://acme.test",
    mode="t2v",
    values={"prompt": "A paper boat"},
    labels=(("Prompt", "A paper boat"), ("Duration", "5 s"), ("Resolution", "1080p")),
    frame=(16, 9),
    estimate=Amounts("1.40", "1.40", "USD", "about $1.40"),
    order=Submission(
        provider="acme", endpoint="boat-1", version="", mode="t2v", body={}, media=(), encode=()
    ),
    typical_sec=180,
    deadline_sec=1800,
    created_at=NOW - 84,
    updated_at=NOW,
)


def job(**facts: Any) -> Job:
    """`JOB`, but for these facts."""
    return replace(JOB, **facts)
