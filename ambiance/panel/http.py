"""The HTTP door: every call of the contract in one table, and the application that answers them."""

import asyncio
import math
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import Executor
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match

from ambiance import __version__
from ambiance.care.intake import Intake
from ambiance.clock import Now
from ambiance.errors import AmbianceError
from ambiance.panel import bodies, payload, shapes
from ambiance.panel.access import AccessCalls
from ambiance.panel.care import CareCalls
from ambiance.panel.changing import Files
from ambiance.panel.courses import CourseCalls
from ambiance.panel.door import Door, reply
from ambiance.panel.events import Feed
from ambiance.panel.finding import FindingCalls, Look, Show, no_one, nobody
from ambiance.panel.guard import Guard
from ambiance.panel.house import HouseCalls
from ambiance.panel.identity import Identity
from ambiance.panel.lanes import LaneCalls
from ambiance.panel.metrics import Metrics
from ambiance.panel.openapi import API, Call, document
from ambiance.panel.pace import Pace
from ambiance.panel.pages import PageCalls
from ambiance.panel.pages.desk import DeskPages
from ambiance.panel.pages.house import HousePages
from ambiance.panel.refusals import NoSuchPath, Unforeseen, WrongMethod, problem
from ambiance.panel.reports import ReportCalls
from ambiance.panel.reportshapes import ClosedShape, CourseShape, HabitShape, OpenedShape, ReportShape
from ambiance.panel.rights import Elsewhere, OutsideRoom
from ambiance.panel.rooms import RoomCalls
from ambiance.panel.seams import Board, Checks, Conductor, Library, Preview, Records, Rows, Tokens, Trials
from ambiance.panel.sessions import VERBS, SessionCalls
from ambiance.panel.settings import Adopt, SettingsCalls, with_a_start
from ambiance.panel.signing import Signing
from ambiance.panel.tending import TendingCalls
from ambiance.panel.treatments import TreatmentCalls
from ambiance.panel.trying import NoTrials, TrialCalls
from ambiance.panel.visitors import Visitors
from ambiance.units import Seconds

Handler = Callable[[Request], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class HttpLimits:
    """How much one caller gets. `hosts`: names beside bare addresses and localhost that the Host header may carry."""

    writes_per_second: int = 200
    burst: int = 600
    streams_per_token: int = 8
    streams: int = 1000
    stream_depth: int = 1000
    heartbeat: Seconds = 10.0
    watch: Seconds = 0.5
    hosts: frozenset[str] = frozenset()


def make_http(
    conductor: Conductor,
    board: Board,
    library: Library,
    preview: Preview,
    rows: Rows,
    tokens: Tokens,
    clock: Now,
    metrics: Metrics,
    *,
    records: Records,
    checks: Checks,
    trials: Trials | None = None,
    seq: int = 0,
    running: Callable[[], bool] = lambda: True,
    link_state: Callable[[], str] = lambda: "down",
    identity: Identity,
    executor: Executor | None = None,
    pins: Executor | None = None,
    authority: Path | None = None,
    limits: HttpLimits | None = None,
    intake: Intake | None = None,
    look: Look = nobody,
    show: Show = no_one,
    files: Files | None = None,
    again: Callable[[], None] = lambda: None,
    adopt: Adopt = with_a_start,
) -> FastAPI:
    """The application. `seq` is the newest event the store held at start.

    `executor` is where the store may be read, `pins` one thread to reckon PINs on; `authority` the certificate of the
    house's own CA, for tablets to install. `look` listens on the broker, `show` has a thing there show itself; `files` are
    those people may change, `again` begins the whole program again, `adopt` plays another site from now on.
    """
    limits = limits or HttpLimits()
    door = Door(conductor, board, rows, tokens, clock, Pace(limits.writes_per_second, limits.burst), executor, pins)
    visitors = Visitors(identity, door.staff_now, door.off_loop)
    door = replace(door, visitors=visitors)

    async def standing() -> frozenset[str]:
        return await door.off_loop(tokens.standing) | await door.off_loop(identity.standing, door.staff_now())

    feed = Feed(
        lambda after, most: door.off_loop(rows.news_since, after, most),
        seq, limits.streams_per_token, limits.stream_depth, limits.streams, standing, limits.watch,
    )  # fmt: skip
    conductor.follow(feed.told)
    faults: dict[str, Sequence[str]] = {}
    changed: set[str] = set()

    def believed(room: str) -> None:
        # Looked at when the burst of changes is over: no device waits to be told for what is believed of those before it.
        if not changed:
            asyncio.get_running_loop().call_soon(compare)
        changed.add(room)

    def compare() -> None:
        rooms = [room for room in changed if room in conductor.site.by_id]  # one may have gone since
        changed.clear()
        for room in rooms:
            if (now := board.belief(room).faults) != faults.get(room, ()):
                faults[room] = now
                feed.look_again(room)

    board.follow(believed)
    signing = Signing(door, identity, visitors, feed)
    house = HouseCalls(door, library, feed, metrics, running, link_state, limits.heartbeat)
    app = FastAPI(title="Ambiance", version=__version__, openapi_url=None, docs_url=None, redoc_url=None, redirect_slashes=False)
    kept = ReportCalls(door, library, records), CourseCalls(door, records), CareCalls(door, intake or Intake())
    lanes = LaneCalls(door, library)
    table = calls(RoomCalls(door), SessionCalls(door, library), house, *kept)
    table += TreatmentCalls(door, preview).table() + lanes.table() + AccessCalls(door, identity, signing).table()
    table += TrialCalls(door, trials or NoTrials()).table()
    table += TendingCalls(door, checks).table()
    table += FindingCalls(door, look, show, files).table()
    table += SettingsCalls(door, identity, library, files, kept[0].habits, again, adopt).table()
    described = lru_cache(1)(lambda: document([call for call, _ in table], __version__))
    app.openapi = described  # type: ignore[method-assign]

    async def openapi(request: Request) -> Response:
        return reply(described())

    for call, handler in table:
        # Whoever may look may also ask whether there is something to see; a stream has no end to be measured.
        methods = ["GET", "HEAD"] if call.method == "GET" and call.media != "text/event-stream" else [call.method]
        app.add_api_route(call.path, handler, methods=methods, include_in_schema=False, response_model=None)
    app.add_api_route("/openapi.json", openapi, methods=["GET", "HEAD"], include_in_schema=False, response_model=None)
    people = PageCalls(door, visitors, signing, authority)
    fitting = HousePages(door, visitors, people.pages)
    desk = DeskPages(door, visitors, people.pages, library, house, lanes, kept[2])
    for path, method, page in (*people.table(), *desk.table(), *fitting.table()):
        methods = ["GET", "HEAD"] if method == "GET" else [method]
        app.add_api_route(path, page, methods=methods, include_in_schema=False, response_model=None, name="html page")

    def shown(request: Request, error: AmbianceError) -> Response | None:
        """A refusal as a page, for a person who opened an address."""
        by_hand = request.method == "GET" and not request.url.path.startswith("/api/") and "text/html" in request.headers.get("accept", "")
        return people.refused(request, error) if by_hand else None

    async def not_there(request: Request, error: Exception) -> Response:
        if getattr(error, "status_code", 500) == 404 and (page := shown(request, NoSuchPath(request.scope["path"]))) is not None:
            return page
        return await _not_there(request, error)

    app.add_exception_handler(AmbianceError, _refuser(door, identity, people))
    app.add_exception_handler(HTTPException, not_there)
    app.add_middleware(Guard, hosts=limits.hosts, most=payload.HTTP_MOST, counted=metrics.answered, shown=shown)
    return app


def calls(
    rooms: RoomCalls,
    sessions: SessionCalls,
    house: HouseCalls,
    reports: ReportCalls,
    courses: CourseCalls,
    care: CareCalls,
) -> list[tuple[Call, Handler]]:
    """The contract, call by call."""
    answer = shapes.AnswerShape
    none = bodies.Nothing
    table: list[tuple[Call, Handler]] = [
        # First, because the table is searched from the top and this is the call that is timed.
        (Call("POST", f"{API}/sessions", "Start a session", shapes.SessionShape, bodies.StartBody, status=201, also=200), sessions.start),
        (Call("GET", f"{API}/rooms", "Every room at a glance", shapes.RoomShape, many=True), rooms.every),
        (Call("GET", f"{API}/rooms/{{room}}", "One room at a glance", shapes.RoomShape), rooms.one),
        (Call("GET", f"{API}/rooms/{{room}}/why", "Who decided each value of the present scene", shapes.WhyShape), rooms.why),
        (Call("POST", f"{API}/rooms/{{room}}/adjust", "A hand on the room", answer, bodies.AdjustBody), rooms.adjust),
        (Call("POST", f"{API}/rooms/{{room}}/bright", "Staff light at once", answer, none, needs_body=False), rooms.bright),
        (Call("DELETE", f"{API}/rooms/{{room}}/bright", "Back to the plan", answer), rooms.dim),
        (
            Call("POST", f"{API}/rooms/{{room}}/begin", "The guest is here", answer, bodies.BeginBody, needs_body=False, also=201),
            rooms.begin,
        ),
        (Call("POST", f"{API}/rooms/{{room}}/call", "Somebody in the room wants the desk", answer, none, needs_body=False), rooms.call),
        (Call("POST", f"{API}/rooms/{{room}}/ready", "The room is cleaned", answer, none, needs_body=False), rooms.ready),
        (Call("POST", f"{API}/rooms/{{room}}/out-of-order", "Nobody uses this room", answer, none, needs_body=False), rooms.close),
        (Call("DELETE", f"{API}/rooms/{{room}}/out-of-order", "It is in use again, once it is cleaned", answer), rooms.open),
        (Call("GET", f"{API}/site", "The house at a glance", shapes.SiteShape), house.site),
        (Call("POST", f"{API}/rooms/{{room}}/window", "The window was opened or shut", answer, bodies.WindowBody), rooms.window),
        (Call("GET", f"{API}/profiles", "The library", shapes.ProfileShape, many=True), house.profiles),
        (
            Call("POST", f"{API}/sessions/batch", "Start many at once", shapes.ResultShape, bodies.StartBody, many=True, batch=True),
            sessions.batch,
        ),
        (
            Call("GET", f"{API}/sessions", "Live and past, newest first", shapes.SessionShape, many=True, query=("room", "limit")),
            sessions.every,
        ),
        (Call("GET", f"{API}/sessions/{{id}}", "One session", shapes.SessionShape), sessions.one),
        (Call("DELETE", f"{API}/sessions/{{id}}", "Forget a session", shapes.ErasedShape, also=202), sessions.erase),
        (Call("POST", f"{API}/courses", "Begin a course of visits", OpenedShape, none, status=201, needs_body=False), courses.open),
        (Call("GET", f"{API}/courses/{{course}}", "What is kept of a course", CourseShape), courses.one),
        (Call("DELETE", f"{API}/courses/{{course}}", "Forget a course", ClosedShape), courses.close),
        (Call("GET", f"{API}/sessions/{{id}}/report", "What a guest was exposed to", ReportShape), reports.report),
        (Call("GET", f"{API}/sessions/{{id}}/report.csv", "The same as CSV", None, media="text/csv"), reports.csv),
        (Call("GET", f"{API}/sessions/{{id}}/report.html", "The same as one page to print", None, media="text/html"), reports.page),
        (Call("GET", f"{API}/reports/{{code}}", "A report by its code", ReportShape), reports.called),
        (Call("GET", f"{API}/playlog", "What was played, for licences", None, query=("from", "to"), media="text/csv"), reports.playlog),
        (
            Call("GET", f"{API}/ledger", "What staff change, and how often", HabitShape, many=True, query=("from", "to")),
            reports.ledger,
        ),
        (Call("GET", f"{API}/rooms/{{room}}/display", "How the room's display should behave", shapes.DisplayShape), care.display),
        (Call("GET", f"{API}/rooms/{{room}}/playlists", "What the player's ids stand for", shapes.PlaylistsShape), rooms.playlists),
        (Call("GET", f"{API}/care", "Effects the desk may offer", shapes.OfferShape, many=True), care.offers),
        (Call("POST", f"{API}/care", "Leave codes for a start", shapes.KeptShape, bodies.KeepBody, status=201, also=200), care.keep),
        (Call("GET", f"{API}/care/intake", "The private form", shapes.ItemShape, many=True), care.form),
        (Call("POST", f"{API}/care/intake", "Answers into codes, kept nowhere", shapes.TakenShape, bodies.IntakeBody), care.taken),
        (Call("POST", f"{API}/sessions/{{id}}/care", "What the guest needs from now on", answer, bodies.CareBody), care.need),
        (Call("POST", f"{API}/sessions/{{id}}/care/answer", "Choose a side", answer, bodies.ChooseBody), care.choose),
        (Call("POST", f"{API}/emergency", "An emergency or a drill begins", answer, bodies.EmergencyBody), house.raise_emergency),
        (
            Call("DELETE", f"{API}/emergency", "A person resets it, or confirms a drill", answer, bodies.ResetBody, needs_body=False),
            house.reset_emergency,
        ),
        (Call("GET", f"{API}/events", "News as it happens", None, header=("Last-Event-ID",), media="text/event-stream"), house.events),
        (Call("GET", "/healthz", "The process answers", shapes.HealthShape, open=True), house.health),
        (Call("GET", "/readyz", "Wishes are taken", shapes.ReadyShape, open=True, also=503), house.ready),
        (Call("GET", "/metrics", "Prometheus metrics", None, media="text/plain"), house.metrics),
    ]
    for verb, model in VERBS.items():
        summary = f"{verb.capitalize()} a session"
        call = Call("POST", f"{API}/sessions/{{id}}/{verb}", summary, shapes.AnswerShape, model, needs_body=model is not none)
        table.append((call, sessions.verb(verb)))
    return table


def _refuser(door: Door, identity: Identity, people: PageCalls) -> Callable[[Request, Exception], Awaitable[Response]]:
    """Answers with the refusal; a tablet that asked for another room is also written into the audit log, once a minute."""
    noted: dict[str, float] = {}

    async def refuse(request: Request, error: Exception) -> Response:
        assert isinstance(error, AmbianceError)
        route: Any = request.scope.get("route")
        who, call = request.scope.get("ambiance.who", ""), f"{request.method[:16]} {getattr(route, 'path', '')}"
        if isinstance(error, OutsideRoom | Elsewhere):
            now = door.staff_now()
            if now.timestamp() - noted.get(who, -math.inf) >= 60:
                noted[who] = now.timestamp()
                with suppress(AmbianceError):
                    subject = request.scope.get("ambiance.room") or ""
                    await door.off_loop(identity.audit.add, now, who, "asked-outside-its-room", subject, {}, {"call": call})
        if getattr(route, "name", "") == "html page" and "text/html" in request.headers.get("accept", ""):
            return people.refused(request, error)
        return problem(error, who, call)

    return refuse


async def _not_there(request: Request, error: Exception) -> Response:
    """What no route answers: an unknown path, or a method the path does not know."""
    if getattr(error, "status_code", 500) == 405:
        matched = [route for route in request.app.routes if route.matches(request.scope)[0] is not Match.NONE]
        same = (route for route in matched if route.path == matched[0].path)
        allowed = sorted({method for route in same for method in getattr(route, "methods", None) or ()})
        return problem(WrongMethod(request.method, ", ".join(allowed)))
    if getattr(error, "status_code", 500) == 404:
        return problem(NoSuchPath(request.scope["path"]))
    return problem(Unforeseen())
