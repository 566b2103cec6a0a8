"""The stream of news for every screen: late joiners resume without a gap, slow ones are cut and come back."""

import asyncio
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Iterable, Sequence

from pydantic_core import to_json
from starlette.types import Receive, Scope, Send

from ambiance.errors import AmbianceError
from ambiance.panel.refusals import TooManyStreams
from ambiance.panel.views import Json
from ambiance.session.model import News
from ambiance.units import Seconds

PAGE = 500

NewsSince = Callable[[int, int], Awaitable[Sequence[News]]]
Show = Callable[[News], Json | None]
"""What a reader may see of one event; None: nothing."""


class Reader:
    """One open stream. Live news waits in a short queue; what does not fit cuts the stream."""

    def __init__(self, token: str, depth: int) -> None:
        self.token = token
        self.live = False
        self.cut = asyncio.Event()
        self._depth = depth
        self._waiting: deque[News] = deque()
        self._some = asyncio.Event()
        self.looks_at: Callable[[str], bool] = lambda room: False
        """Of which rooms it wants to hear that something is wrong, or is no longer."""
        self._rooms: set[str] = set()

    def look_again(self, room: str) -> None:
        """What is believed of a room changed. Nothing that is kept, so a reader that is slow hears of it once."""
        if self.live and self.looks_at(room):
            self._rooms.add(room)
            self._some.set()

    def rooms(self) -> list[str]:
        taken = sorted(self._rooms)
        self._rooms.clear()
        return taken

    def told(self, news: News) -> None:
        if not self.live:
            return
        if len(self._waiting) >= self._depth:
            self.cut.set()
            return
        self._waiting.append(news)
        self._some.set()

    async def take(self) -> list[News]:
        await self._some.wait()
        self._some.clear()
        taken = list(self._waiting)
        self._waiting.clear()
        return taken


class Feed:
    """All news since `seq`, handed to every open stream; at most `most` of them, `per_token` of one token.

    `standing` says which tokens, sign-ins and screens are still good: asked every `watch` seconds while somebody reads.
    """

    def __init__(
        self,
        news_since: NewsSince,
        seq: int = 0,
        per_token: int = 8,
        depth: int = 1000,
        most: int = 1000,
        standing: Callable[[], Awaitable[frozenset[str]]] | None = None,
        watch: Seconds = 0.5,
    ) -> None:
        self.last = seq
        self.news_since = news_since
        self._per_token, self._depth, self._most = per_token, depth, most
        self._standing, self._pause = standing, watch
        self._watching: asyncio.Task[None] | None = None
        self._readers: set[Reader] = set()
        self._count: Counter[str] = Counter()

    def told(self, news: News) -> None:
        """The conductor's news, in order."""
        self.last = max(self.last, news.seq)
        for reader in self._readers:
            reader.told(news)

    def look_again(self, room: str) -> None:
        """What is believed of a room changed."""
        for reader in self._readers:
            reader.look_again(room)

    def open(self, token: str) -> Reader:
        """Raises TooManyStreams."""
        if self._count[token] >= self._per_token:
            raise TooManyStreams(self._per_token)
        if len(self._readers) >= self._most:
            raise TooManyStreams(self._most)
        self._count[token] += 1
        reader = Reader(token, self._depth)
        self._readers.add(reader)
        if self._standing is not None and (self._watching is None or self._watching.done()):
            self._watching = asyncio.ensure_future(self._watch(self._standing))
        return reader

    def cut(self, token: str) -> None:
        """What was revoked hears nothing more."""
        for reader in self._readers:
            if reader.token == token:
                reader.cut.set()

    async def _watch(self, standing: Callable[[], Awaitable[frozenset[str]]]) -> None:
        while self._readers:
            await asyncio.sleep(self._pause)
            here = {reader.token for reader in self._readers}  # who comes while the store is asked is looked at next time
            try:
                good = await standing()
            except AmbianceError:
                continue  # nobody can revoke anything either
            for token in here - good:
                self.cut(token)

    def close(self, reader: Reader) -> None:
        if reader in self._readers:
            self._readers.remove(reader)
            self._count[reader.token] -= 1
            if not self._count[reader.token]:
                del self._count[reader.token]


class EventStream:
    """The answer to `GET /events`, as an ASGI response."""

    def __init__(
        self,
        feed: Feed,
        reader: Reader,
        after: int | None,
        show: Show,
        still_valid: Callable[[], Awaitable[bool]],
        heartbeat: Seconds = 10.0,
    ) -> None:
        self._feed, self._reader, self._show = feed, reader, show
        self._still_valid, self._heartbeat = still_valid, heartbeat
        self._sent = feed.last if after is None else min(after, feed.last)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = [(b"content-type", b"text/event-stream; charset=utf-8"), (b"x-accel-buffering", b"no")]
        pump = asyncio.ensure_future(self._pump(send, headers))
        others = {asyncio.ensure_future(_gone(receive)), asyncio.ensure_future(self._reader.cut.wait())}
        try:
            await asyncio.wait({pump, *others}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._feed.close(self._reader)
            for task in (pump, *others):
                task.cancel()
            await asyncio.gather(pump, *others, return_exceptions=True)
        if not pump.cancelled() and (error := pump.exception()) is not None:
            raise error

    async def _pump(self, send: Send, headers: list[tuple[bytes, bytes]]) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": headers})

        async def say(text: bytes, more: bool = True) -> None:
            await send({"type": "http.response.body", "body": text, "more_body": more})

        # The id alone lets a reader that hears nothing before the line breaks come back to this very place.
        await say(b"retry: 2000\nid: %d\n\n" % self._sent)
        try:
            await self._catch_up(say)
            while True:
                try:
                    async with asyncio.timeout(self._heartbeat):
                        news = await self._reader.take()
                except TimeoutError:
                    if not await self._still_valid():
                        break
                    await say(b": still here\n\n")
                else:
                    await self._tell(news, say)
                    if rooms := self._reader.rooms():
                        await say(b"".join(b"event: board\ndata: %s\n\n" % to_json({"room": room}) for room in rooms))
        except AmbianceError:
            pass  # the store cannot be read now; the reader comes back with the id it has
        await say(b"", more=False)

    async def _catch_up(self, say: Callable[[bytes], Awaitable[None]]) -> None:
        while self._sent < self._feed.last:
            page = await self._feed.news_since(self._sent, PAGE)
            if not page:
                break
            await self._tell(page, say)
        # Nothing was awaited since the store had no more: from here on the queue has it all.
        self._reader.live = True

    async def _tell(self, news: Iterable[News], say: Callable[[bytes], Awaitable[None]]) -> None:
        text = bytearray()
        for each in news:
            if each.seq <= self._sent:
                continue
            self._sent = each.seq
            if (shown := self._show(each)) is not None:
                text += b"id: %d\nevent: %s\ndata: %s\n\n" % (each.seq, each.type.encode(), to_json(shown))
        if text:
            await say(bytes(text))


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
