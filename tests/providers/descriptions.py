"""Wires for tests: those that ship, and a made-up one of every other shape that providers have."""

import tomllib
from pathlib import Path

import msgspec
from msgspec import structs

import providers
from providers.description.loader import complaints, read_description
from providers.description.schema import ProviderDescription

FOLDER = Path(providers.__file__).parent


def shipped(name: str) -> ProviderDescription:
    wire = read_description(FOLDER / f"{name}.toml")
    assert isinstance(wire, ProviderDescription), wire
    return wire


NAMES = tuple(path.stem for path in sorted(FOLDER.glob("*.toml")))
ALL = {name: shipped(name) for name in NAMES}
REPLICATE = ALL["replicate"]
FAL = ALL["fal"]


def made(text: str, name: str = "acme") -> ProviderDescription:
    """A wire from TOML text, sound or the test fails."""
    wire = msgspec.convert({**tomllib.loads(HEAD), **tomllib.loads(text), "name": name}, ProviderDescription)
    assert not list(complaints(wire))
    return wire


HEAD = """
display_name = "Acme"
base = "https://api.acme.example"
source = "invented"
checked = 2026-11-22
"""

# An envelope that refuses with HTTP 200, integer states, paths by mode, a third step, every error by number.
NUMBERS = made(
    """
auth = { env = "ACME_KEY", query = "key" }
headers = { X-Trace = "{uuid}", X-Version = "2024-11-06" }
ok = { at = "/code", equals = 0 }
billing = { moderation = "billed" }

[submit]
path = { t2v = "/v1/text", "*" = "/v1/any/{mode}" }
body = { model = "{endpoint}", task = "{body}", own = "{idem}" }
id = "/data/task_id"
keep = { group = "/data/group" }

[status]
path = "/v1/tasks/{id}"
state = "/data/status"
map = { 1 = "queued", 2 = "processing", 3 = "succeeded", 4 = "failed", true = "succeeded" }
http = { 202 = "processing" }
progress = "/data/percent"
full = 100
keep = { file = "/data/file_id" }
rules = [
    { at = "/data/safe", equals = false, then = "failed", kind = "moderation" },
    { at = "/data/why", match = "^UserCancelled$", then = "canceled" },
    { at = "/data/filtered", unless = "/data/file_id", then = "failed", kind = "moderation" },
]

[[then]]
path = "/v1/files/{file}"
query = { group = "{group}", missing = "{mode}" }

[output]
each = "/data/files/*"
where = { "/name" = '(?i)\\.(mp4|webm)$', "/type" = "^output$" }
template = "/view?name={name}&sub={sub}"
width = "/w"
key = "own-origin"

[cost]
at = "/data/ticks"
times = "0.0000000001"

[error]
code = "/code"
message = ["/data/why", "/message"]
refusals = ['^503 1304 ']

[error.classes]
no_credit = ['\\b110[0-2]\\b']
rate_limited = ['\\b1303\\b']
moderation = ['\\b1301\\b']
provider_down = ['\\b500[0-2]\\b']

[cancel]
method = "DELETE"
path = "/v1/tasks/{id}"
gone = "canceled"
destroys = true
"""
)


def with_base(wire: ProviderDescription, base: str) -> ProviderDescription:
    return structs.replace(wire, base=base)
