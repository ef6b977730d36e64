"""A provider that costs next to nothing: it takes every order, remembers when, and says that each job is under way.

A bare protocol over asyncio in a process of its own, so that what a benchmark measures is Shotlist and not the stub.
"""

import asyncio
import itertools
import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import ClassVar

ROOT = Path(__file__).resolve().parent.parent
UNDER_WAY = b'{"id": "stub", "status": "processing"}'
WIRE = """
display_name = "Stub"
base = "{base}"
source = "bench/stub.py"
checked = 2026-11-23
auth = {{ env = "REPLICATE_API_TOKEN", header = "Authorization", value = "Bearer {{key}}" }}

[submit]
path = "/jobs"
id = "/id"

[status]
path = "/jobs/{{id}}"
state = "/status"
map = {{ processing = "processing", succeeded = "succeeded" }}

[output]
each = "/output"

[error]

[poll]
first = {every}
every = {every}
max = {every}

[limits]
concurrency = {slots}
"""


class Stub(asyncio.Protocol):
    """One connection. Orders are remembered by their prompt, for GET /arrivals."""

    arrivals: ClassVar[dict[str, float]] = {}
    numbers = itertools.count(1)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.waiting = b""

    def data_received(self, data: bytes) -> None:
        self.waiting += data
        while (end := self.waiting.find(b"\r\n\r\n")) >= 0:
            head = self.waiting[:end].lower()
            _, found, length = head.partition(b"content-length:")
            size = int(length.split(b"\r\n", 1)[0]) if found else 0
            if len(self.waiting) < end + 4 + size:
                return
            body, self.waiting = self.waiting[end + 4 : end + 4 + size], self.waiting[end + 4 + size :]
            self.answer(head, body)

    def answer(self, head: bytes, body: bytes) -> None:
        """An order, the question when orders came, or a look."""
        if head.startswith(b"post"):
            self.arrivals.setdefault(json.loads(body)["input"]["prompt"], time.time())
            said = json.dumps({"id": f"stub{next(self.numbers)}", "status": "processing"}).encode()
        elif head.startswith(b"get /arrivals"):
            said = json.dumps(self.arrivals).encode()
        else:
            said = UNDER_WAY
        self.transport.write(
            b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%b"
            % (len(said), said)
        )


def wire(folder: Path, base: str, every: float, slots: int) -> None:
    """An operator's folder in which Replicate is the stub: looked at every so many seconds, so many jobs at once."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "replicate.toml").write_text(WIRE.format(base=base, every=every, slots=slots))


@contextmanager
def stub() -> Iterator[str]:
    """A stub in a process of its own; its address."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = int(taken.getsockname()[1])
    process = subprocess.Popen([sys.executable, "-m", "bench.stub", str(port)], cwd=ROOT)
    try:
        while True:
            try:
                socket.create_connection(("127.0.0.1", port)).close()
                break
            except OSError:
                time.sleep(0.02)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.kill()
        process.wait()


async def main(port: int) -> None:
    server = await asyncio.get_running_loop().create_server(Stub, "127.0.0.1", port, backlog=4096)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
