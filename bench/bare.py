"""`python -m bench.bare FOLDER PORT`: the least that taking an order can mean: one durable insert, one message."""

import asyncio
import secrets
import socket
import sys
import time
from pathlib import Path
from typing import Any

from litestar import Litestar, Request, get, post

from tasks.database import open_database
from tasks.embedded import EmbeddedQueue
from tasks.jobs.claims import Wakeup
from tasks.worker.queue import Queue
from web.server import web_server


async def main(folder: Path, port: int) -> None:
    queue = EmbeddedQueue(folder)
    await queue.start()
    database = await open_database(f"sqlite:///{folder / 'bare.db'}")
    hints = Queue(queue.url)
    await database.rows(
        "CREATE TABLE bare (id TEXT PRIMARY KEY, prompt TEXT NOT NULL, at DOUBLE PRECISION NOT NULL)"
    )

    @get("/")
    async def ready() -> str:
        return "ready"

    @post("/")
    async def order(request: Request[None, None, Any]) -> dict[str, str]:
        said, name = await request.json(), secrets.token_hex(8)
        async with database.transaction(durable=True):
            await database.rows(
                "INSERT INTO bare (id, prompt, at) VALUES ({}, {}, {})", name, said["prompt"], time.time()
            )
        await hints.enqueue_submit(Wakeup(name, 0), "bare", False)
        return {"id": name}

    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listener:
        listener.bind(("127.0.0.1", port))
        listener.listen(2048)
        app = Litestar([ready, order], logging_config=None, openapi_config=None)
        await web_server(app, listener, lambda: None).run_until(asyncio.Event())


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2])))
