"""A small server that keeps what is posted to it."""

import base64
import hmac
import json
import queue
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from msgspec import Struct

from tests.support import PATIENCE


class Letter(Struct, frozen=True):
    """What came: headers by lower-case name, and the bytes."""

    headers: dict[str, str]
    body: bytes

    @property
    def document(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)

    def is_signed_by(self, secret: str) -> bool:
        """Whether the signature is that of Standard Webhooks with this `whsec_…`."""
        stamped = f"{self.headers['webhook-id']}.{self.headers['webhook-timestamp']}.".encode() + self.body
        digest = hmac.digest(base64.b64decode(secret.removeprefix("whsec_")), stamped, "sha256")
        return self.headers["webhook-signature"] == "v1," + base64.b64encode(digest).decode()


class Inbox:
    """Answers with the statuses it was told, then 200; `answer` makes the body of an answer from that of a letter."""

    def __init__(self) -> None:
        self.letters: queue.Queue[Letter] = queue.Queue()
        self.statuses: list[int] = []
        self.answer: Callable[[bytes], bytes] = lambda _body: b""
        inbox = self

        class Taker(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                headers = {name.lower(): value for name, value in self.headers.items()}
                said = inbox.answer(body)
                self.send_response(inbox.statuses.pop(0) if inbox.statuses else 200)
                self.send_header("content-length", str(len(said)))
                self.end_headers()
                self.wfile.write(said)
                inbox.letters.put(Letter(headers, body))

            def log_message(self, *_: Any) -> None:
                return

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Taker)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook?job=1"
        self._thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05})
        self._thread.start()

    def next(self) -> Letter:
        """The oldest letter that was not looked at."""
        return self.letters.get(timeout=PATIENCE)

    def close(self) -> None:
        """Stops the server."""
        self.server.shutdown()
        self.server.server_close()
        self._thread.join()
