"""A house for the doors to open on: a conductor that keeps a list, two rooms, one of each token."""

import asyncio
import atexit
import shutil
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache, partial
from itertools import count
from pathlib import Path
from typing import Any, Self, cast
from zoneinfo import ZoneInfo

import httpx
from argon2 import PasswordHasher
from fastapi import FastAPI
from starlette.types import Message as AsgiMessage

from ambiance.care import Care
from ambiance.clock import Instant, ManualClock
from ambiance.cuesheet.model import LightLevel, Scene, Sheet, SoundLevel, Span
from ambiance.cuesheet.playlists import Playlist
from ambiance.device.news import DeviceNews
from ambiance.errors import AmbianceError, KeyReused, StoreUnavailable, Unknown
from ambiance.panel.http import HttpLimits, make_http
from ambiance.panel.identity import Identity, Pins
from ambiance.panel.metrics import Metrics
from ambiance.panel.seams import Trials
from ambiance.profile import Profile, Visit
from ambiance.room import Board
from ambiance.room.check import Checks
from ambiance.session.model import Course, DoseRow, DrillRow, Latch, News, RoomState, Session, SessionState
from ambiance.session.past import report_code
from ambiance.session.sql import SqlStore
from ambiance.session.wishes import Answer, CloseCourse, Erase, Keep, Key, OpenCourse, RoomNow, Start, Wish
from ambiance.site import Device, Room, Site
from ambiance.why import Layer, Why
from tests.session.house_fixtures import library

NOW = datetime(2026, 6, 1, 9, 0, tzinfo=UTC)
ROLES = ("manager", "desk", "therapist", "integration", "room")


def room(id: str) -> Room:
    return Room(
        id,
        id.title(),
        full_volume_dba=70.0,
        devices=(
            Device("ceiling", id, "light", kelvin=(2000.0, 6500.0)),
            Device("speaker", id, "player"),
            Device("diffuser", id, "diffuser", topic=f"diffuser-{id}"),
            Device("air", id, "sensor"),
            Device("knob", id, "button"),
        ),
    )


SITE = Site("harbour", "Harbour Spa", ZoneInfo("Europe/Berlin"), (room("lavender"), room("cedar")))
SHEET = Sheet(
    "spa/prenatal",
    60,
    (Span("welcome", 0, 300, 300, 120, 10, 1, False), Span("work1", 300, 3600, 3300, 1650, 10, 2, True)),
    {},
    (),
)
SCENE = Scene(
    "work1",
    2,
    {"ceiling": LightLevel(50.0, 400.0), "speaker": SoundLevel(42.0, "pl-1")},
    {
        "ceiling": {"brightness": Why(Layer.CARE, "light_max_lx"), "kelvin": Why(Layer.PROFILE, "profiles/spa/prenatal.yaml:14")},
        "speaker": {"volume": Why(Layer.HAND, "music +3 dB")},
    },
)


def session(id: str, room: str = "lavender", state: SessionState = SessionState.RUNNING) -> Session:
    return Session(id, room, state, "spa", "spa/prenatal", 60, "follow_up", NOW, NOW, SHEET, NOW, warnings=("light_max_lx holds",))


CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
"""PINs that are reckoned at once."""
_houses = count(1)


@cache
def _scratch() -> str:
    folder = tempfile.mkdtemp(prefix="ambiance-doors-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


class FakeConductor:
    """Keeps a list of what it was asked; answers what it was told to."""

    def __init__(self) -> None:
        self.site = SITE
        self.wishes: list[tuple[Wish, Key | None]] = []
        self.refusal: Exception | None = None
        self.known: dict[tuple[str, str], tuple[str, Answer]] = {}
        self.live: list[Session] = [session("s1")]
        self.ended: list[Session] = []
        self.needs: dict[str, Care] = {}
        self.followers: list[Callable[[News], None]] = []
        self.emergency: dict[str, Any] = {}
        self.drilled: list[DrillRow] = []
        self.alarmed: dict[str, tuple[Latch, ...]] = {}
        self.hold: asyncio.Event | None = None

    async def wish(self, wish: Wish, key: Key | None = None) -> Answer:
        if self.hold is not None:
            await self.hold.wait()
        if self.refusal is not None:
            raise self.refusal
        for name in () if key is None else (key.key, key.whole):
            if key is not None and name is not None and (key.token, name) in self.known:
                digest, answer = self.known[key.token, name]
                if digest != key.digest:
                    raise KeyReused(key=name)
                if name == key.key:
                    return answer
        self.wishes.append((wish, key))
        answer = _kept(wish) or Answer(
            201 if isinstance(wish, Start) else 200,
            {
                "id": f"n{len(self.wishes)}", "room": "lavender", "state": "running", "profile": "spa/prenatal", "minutes": 60,
                "starts_at": "2026-06-01T09:00:00.000Z", "ends_at": "2026-06-01T10:00:00.000Z", "warnings": [],
            },
        )  # fmt: skip
        if isinstance(wish, Keep):
            answer = Answer(201, {"ref": "r1", "until": "2026-06-02T09:00:00.000Z"})
        if key is not None:
            self.known[key.token, key.key] = (key.digest, answer)
            self.known.setdefault((key.token, key.whole or key.key), (key.digest, answer))
        return answer

    async def wish_many(self, wishes: Sequence[tuple[Wish, Key | None]]) -> list[Answer | Exception]:
        answers: list[Answer | Exception] = []
        for wish, key in wishes:
            try:
                answers.append(await self.wish(wish, key))
            except AmbianceError as error:
                answers.append(error)
        return answers

    def rooms(self) -> tuple[RoomNow, ...]:
        return tuple(self.room(room.id) for room in SITE.rooms)

    def room(self, id: str) -> RoomNow:
        if id not in SITE.by_id:
            raise Unknown("room", id)
        live = next((s for s in self.live if s.room == id), None)
        end = NOW + timedelta(hours=1)
        latches = self.alarmed.get(id, ())
        kind = latches[0].kind if latches else self.emergency.get(id)
        state = RoomState.EMERGENCY if latches else RoomState.IN_SESSION if live else RoomState.READY
        return RoomNow(
            id, state, live, "work1" if live else None, 2 if live else 0, 2 if live else 0,
            end if live else None, end if live else None, None, ("scent_off", "light +5") if live else (), None, None,
            kind, SCENE, latches,
        )  # fmt: skip

    def sessions(self) -> tuple[Session, ...]:
        return tuple(self.live)

    def recent(self, since: Instant) -> tuple[Session, ...]:
        return tuple(s for s in self.ended if s.ended_at is not None and s.ended_at > since)

    def drills(self) -> tuple[DrillRow, ...]:
        return tuple(self.drilled)

    def playlists(self, room: str) -> Mapping[str, Playlist]:
        return {"pl-1": Playlist("calm", ("piano",), (60, 70), ("water",), None)}

    def care(self, session: str) -> Care | None:
        return self.needs.get(session)

    def follow(self, told: Callable[[News], None]) -> Callable[[], None]:
        self.followers.append(told)
        return lambda: self.followers.remove(told)

    def tell(self, news: News) -> None:
        for told in list(self.followers):
            told(news)


def _kept(wish: Wish) -> Answer | None:
    match wish:
        case OpenCourse():
            return Answer(201, {"course": "K7M2QXA4TD", "visits": 0, "kept_days": 180})
        case CloseCourse(course=id):
            return Answer(200, {"course": id, "erased": True})
        case Erase(session=id):
            return Answer(202, {"id": id, "state": "running", "erased": False})
        case _:
            return None


@dataclass
class FakeRows:
    """Rows in lists."""

    news: list[News] = field(default_factory=list)
    past: list[Session] = field(default_factory=list)
    given: list[DoseRow] = field(default_factory=list)
    courses: dict[str, Course] = field(default_factory=dict)
    well: bool = True

    def news_since(self, seq: int, limit: int = 1000) -> Sequence[News]:
        return [news for news in self.news if news.seq > seq][:limit]

    def sessions(self, room: str | None = None, limit: int = 500) -> Sequence[Session]:
        return [s for s in self.past if room in (None, s.room)][:limit]

    def session(self, id: str) -> Session | None:
        return next((s for s in self.past if s.id == id), None)

    def healthy(self) -> bool:
        return self.well

    def doses(self, session: str) -> Sequence[DoseRow]:
        return [dose for dose in self.given if dose.session == session]

    def news_of(self, session: str, room: str, since: Instant, until: Instant) -> Sequence[News]:
        return [n for n in self.news if n.session == session or (n.session is None and n.room in (None, room) and since <= n.at <= until)]

    def played(
        self, since: Instant, until: Instant, after: tuple[Instant, str] | None = None, limit: int = 100
    ) -> tuple[Sequence[Session], tuple[Instant, str] | None]:
        found = sorted((s for s in self.past if s.starts_at <= until), key=lambda s: (s.starts_at, s.id))
        page = [s for s in found if after is None or (s.starts_at, s.id) > after][:limit]
        return page, (page[-1].starts_at, page[-1].id) if len(page) == limit else None

    def course(self, id: str) -> Course | None:
        return self.courses.get(id)

    def called(self, code: str) -> Sequence[str]:
        return [s.id for s in self.past if report_code(s.id) == code]


@dataclass(frozen=True)
class FakeToken:
    id: str
    role: str
    room: str | None = None


@dataclass
class FakeTokens:
    """A token a role; its secret is the role with `-secret`."""

    by_secret: dict[str, FakeToken] = field(
        default_factory=lambda: {f"{role}-secret": FakeToken(f"t-{role}", role, "lavender" if role == "room" else None) for role in ROLES}
    )

    well: bool = True

    def recall(self, secret: str) -> FakeToken | None:
        return None

    def check(self, secret: str) -> FakeToken | None:
        if not self.well:
            raise StoreUnavailable("frozen")
        return self.by_secret.get(secret)

    def standing(self) -> frozenset[str]:
        return frozenset(token.id for token in self.by_secret.values())

    def all(self) -> Sequence[FakeToken]:
        return list(self.by_secret.values())

    def create(self, role: str, now: Instant, room: str | None = None, name: str = "") -> str:
        secret = f"{role}-{len(self.by_secret)}-secret"
        self.by_secret[secret] = FakeToken(f"t-{len(self.by_secret)}", role, room)
        return secret

    def revoke(self, id: str) -> None:
        gone = [secret for secret, token in self.by_secret.items() if token.id == id]
        if not gone:
            raise Unknown("token", id)
        del self.by_secret[gone[0]]


class FakeLibrary:
    def get(self, id: str) -> Profile:
        return library().get(id)

    def all(self) -> Sequence[Profile]:
        blank = cast(Any, None)
        return [
            Profile("spa/prenatal", "Prenatal", "spa", "prenatal", 60, (45, 60), blank, {}, "none", 0, blank, 10, 15, 0),
        ]


class FakePreview:
    def __call__(self, id: str, minutes: int | None, visit: Visit, *, room: Room | None = None) -> Sheet:
        if id != "spa/prenatal":
            raise Unknown("profile", id)
        return SHEET

    def room(self, id: str) -> Room:
        return SITE.rooms[0]


class Asks:
    """Devices that cannot be asked."""

    up = True

    def ask(self, room: str, device: str) -> bool:
        return False

    def answers(self, room: str, device: str) -> bool:
        return True


class House:
    """Everything behind the doors, and the doors."""

    def __init__(
        self, limits: HttpLimits | None = None, seq: int = 0, authority: Path | None = None, trials: Trials | None = None
    ) -> None:
        self.clock = ManualClock(NOW)
        self.conductor, self.rows, self.tokens, self.metrics = FakeConductor(), FakeRows(), FakeTokens(), Metrics()
        self.board = Board(SITE, self.clock)
        self.store = SqlStore(f"sqlite:///{_scratch()}/{next(_houses)}.db", SITE.id)
        self.identity = Identity(self.store, Pins(CHEAP), self.clock.monotonic)
        self.checks = Checks(SITE, self.clock, self.board, Asks(), self.conductor.sessions, lambda wish: None)
        self.link = "up"
        self.running = True
        self.app: FastAPI = make_http(
            self.conductor, self.board, FakeLibrary(), FakePreview(), self.rows, self.tokens, self.clock, self.metrics,
            records=self.rows, trials=trials, checks=self.checks,
            identity=self.identity, authority=authority, seq=seq, running=lambda: self.running, link_state=lambda: self.link, limits=limits,
        )  # fmt: skip

    def open(self) -> Self:
        """With a database, for what is asked of people and screens."""
        self.store.load(NOW, "boot-1")
        return self

    def heard(self, *news: DeviceNews) -> None:
        """Devices say this, in the loop of the program, which then has its turn."""
        self.happens(*(partial(self.board.heard, each) for each in news))

    def happens(self, *deeds: Callable[[], object]) -> None:
        """What happens in one turn of the program's loop."""

        async def run() -> None:
            for do in deeds:
                do()
            await asyncio.sleep(0)

        asyncio.run(run())

    def ask(self, method: str, path: str, body: object = None, *, role: str | None = "desk", **more: Any) -> httpx.Response:
        """One request over the whole stack."""
        return self.ask_all([(method, path, body)], role=role, **more)[0]

    def ask_all(self, calls: Sequence[tuple[str, str, object]], *, role: str | None = "desk", **more: Any) -> list[httpx.Response]:
        headers = {**({"Authorization": f"Bearer {role}-secret"} if role else {}), **more.pop("headers", {})}
        client_address = more.pop("client", ("127.0.0.1", 4711))
        base = more.pop("base", "http://127.0.0.1:8080")

        async def run() -> list[httpx.Response]:
            transport = httpx.ASGITransport(self.app, raise_app_exceptions=False, client=client_address)
            async with httpx.AsyncClient(transport=transport, base_url=base, headers=headers) as client:
                answers = []
                for method, path, body in calls:
                    sent: dict[str, Any] = {"content": body} if isinstance(body, bytes) else {} if body is None else {"json": body}
                    answers.append(await client.request(method, path, **sent, **more))
                return answers

        return asyncio.run(run())


class Stream:
    """One event stream, driven by hand: what it sent, and whether its reader reads."""

    def __init__(
        self,
        house: House,
        role: str = "desk",
        headers: Mapping[str, str] | None = None,
        secure: bool = False,
        bearer: bool = True,
        query: bytes = b"",
    ) -> None:
        self.status = 0
        self.text = ""
        self.reading = asyncio.Event()
        self.reading.set()
        self._gone = asyncio.Event()
        self._heard = asyncio.Event()
        pairs = {"host": "127.0.0.1", **({"authorization": f"Bearer {role}-secret"} if bearer else {}), **(headers or {})}
        scope = {
            "type": "http", "method": "GET", "path": "/api/v1/events", "raw_path": b"/api/v1/events", "query_string": query,
            "root_path": "", "headers": [(k.encode(), v.encode()) for k, v in pairs.items()], "http_version": "1.1",
            "scheme": "https" if secure else "http",
            "server": ("127.0.0.1", 8080), "client": ("127.0.0.1", 4711),
        }  # fmt: skip
        self.task = asyncio.ensure_future(house.app(scope, self._receive, self._send))

    async def until(self, words: str) -> str:
        """All that came, once it holds `words`."""
        async with asyncio.timeout(5):
            while words not in self.text:
                self._heard.clear()
                await self._heard.wait()
        return self.text

    async def leave(self) -> None:
        self._gone.set()
        async with asyncio.timeout(5):
            await self.task

    async def _receive(self) -> AsgiMessage:
        await self._gone.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: AsgiMessage) -> None:
        await self.reading.wait()
        if message["type"] == "http.response.start":
            self.status = message["status"]
        else:
            self.text += message["body"].decode()
        self._heard.set()
