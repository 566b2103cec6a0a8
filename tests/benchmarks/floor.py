"""The floor: a bare program that takes the same request, commits one row, publishes the same six messages, and thinks nothing.

Run as a process of its own: `python -m tests.benchmarks.floor HTTP_PORT BROKER_PORT DATABASE MESSAGES`. MESSAGES is a file with
the messages of one real start, whose topics and sizes are published again.
"""

import asyncio
import json
import sqlite3
import sys
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import paho.mqtt.client as paho
import uvicorn
from paho.mqtt.enums import CallbackAPIVersion

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]


class Floor:
    """A bare ASGI application."""

    def __init__(self, broker: int, database: Path, messages: Sequence[tuple[str, bytes, bool]]) -> None:
        self._messages = messages
        self._executor = ThreadPoolExecutor(1)
        self._database = sqlite3.connect(database, isolation_level=None, check_same_thread=False)
        for pragma in ("journal_mode=WAL", "synchronous=FULL"):
            self._database.execute(f"PRAGMA {pragma}")
        self._database.execute("CREATE TABLE IF NOT EXISTS sessions (id INTEGER PRIMARY KEY, room TEXT NOT NULL, body BLOB NOT NULL)")
        self._client = paho.Client(CallbackAPIVersion.VERSION2, client_id="floor")
        self._client.max_inflight_messages_set(65_535)
        self._client.connect("127.0.0.1", broker)
        self._client.loop_start()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        message = await receive()
        body = message["body"]
        while message.get("more_body"):
            message = await receive()
            body += message["body"]
        asked = json.loads(body)
        starts = asked if isinstance(asked, list) else [asked]
        await asyncio.get_running_loop().run_in_executor(self._executor, self._commit, [(each["room"], body[:2000]) for each in starts])
        for each in starts:
            for topic, payload, retain in self._messages:
                self._client.publish(topic.replace("ROOM", each["room"]), payload, 1, retain)
        answer = json.dumps([{"status": 201, "room": each["room"]} for each in starts] if isinstance(asked, list) else asked).encode()
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(answer)).encode())]
        await send({"type": "http.response.start", "status": 200 if isinstance(asked, list) else 201, "headers": headers})
        await send({"type": "http.response.body", "body": answer})

    def _commit(self, rows: Sequence[tuple[str, bytes]]) -> None:
        self._database.execute("BEGIN IMMEDIATE")
        self._database.executemany("INSERT INTO sessions (room, body) VALUES (?, ?)", rows)
        self._database.execute("COMMIT")


def main() -> None:
    port, broker, database, messages = sys.argv[1:]
    found = [(topic, payload.encode(), retain) for topic, payload, retain in json.loads(Path(messages).read_text())]
    app: Any = Floor(int(broker), Path(database), found)
    settings: dict[str, Any] = {"log_level": "warning", "access_log": False, "timeout_keep_alive": 30, "limit_concurrency": 2000}
    uvicorn.run(app, host="127.0.0.1", port=int(port), lifespan="off", **settings)


if __name__ == "__main__":
    main()
