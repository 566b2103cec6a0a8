"""The calls about what was: reports of sessions, the play log, the owner's ledger."""

import re
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Literal

from starlette.requests import Request
from starlette.responses import Response

from ambiance.clock import Instant
from ambiance.cuesheet.plays import plays
from ambiance.errors import Conflict, Invalid, Unknown
from ambiance.panel.door import Door, reply
from ambiance.panel.pages.record import POLICY, report_page
from ambiance.panel.pages.words import language_of
from ambiance.panel.reportview import Record, ended, record, report_csv, report_view, window
from ambiance.panel.seams import Library, Records
from ambiance.panel.spreadsheet import table
from ambiance.panel.views import stamp
from ambiance.session.ledger import Habit, Tally
from ambiance.session.model import Session

LONGEST = 92
"""Days that a log or ledger spans at most; a year is asked for by quarters."""
USUAL = 30
PAGE = 100
_CODE = re.compile(r"[0-9A-Za-z]{7}")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
Form = Literal["json", "csv", "html"]


class ReportCalls:
    """Handlers of `/sessions/{id}/report…`, `/reports…`, `/playlog` and `/ledger`. All reading and reckoning is done off the loop."""

    def __init__(self, door: Door, library: Library, records: Records) -> None:
        self._door, self._library, self._records = door, library, records

    async def report(self, request: Request) -> Response:
        return await self._answer(request, "json")

    async def csv(self, request: Request) -> Response:
        return await self._answer(request, "csv")

    async def page(self, request: Request) -> Response:
        return await self._answer(request, "html")

    async def called(self, request: Request) -> Response:
        token = await self._door.reader(request, "report")
        code = request.path_params["code"]
        if not _CODE.fullmatch(code):
            raise Invalid(("code", code, "the seven letters and digits of a report"))
        ids = await self._door.off_loop(self._records.called, code.upper())
        if len(ids) > 1:
            raise Conflict(f"{len(ids)} sessions share the code {code.upper()}; ask for one by its id: {', '.join(sorted(ids))}")
        if not ids:
            raise Unknown("report", code)
        request.path_params["id"] = ids[0]
        session = await self._door.session(request, token)
        return await self._door.off_loop(self._written, session, "json", self._door.clock.now(), "en")

    async def playlog(self, request: Request) -> Response:
        await self._door.reader(request, "playlog")
        since, until = self._days(request.query_params)
        now = self._door.clock.now()
        lines: list[Sequence[object]] = []
        async for page in self._pages(since, until):
            lines += await self._door.off_loop(_played, page, since, until, now)
        lines.sort(key=lambda line: (str(line[2]), str(line[0])))
        text = table([("room", "playlist", "from", "to", "minutes"), *lines])
        return _csv(text, f"playlog-{window(*self._local(since, until))}")

    async def ledger(self, request: Request) -> Response:
        await self._door.reader(request, "ledger")
        since, until = self._days(request.query_params)
        return reply(
            [
                {
                    "profile": habit.profile, "kind": habit.kind, "sessions": habit.sessions, "changed": habit.changed,
                    "count": habit.count, "mean": None if habit.mean is None else round(habit.mean, 2), "unit": habit.unit,
                }
                for habit in await self._habits(since, until)
            ]
        )  # fmt: skip

    async def habits(self, back: timedelta) -> tuple[Habit, ...]:
        """What staff changed in sessions since then, and how often."""
        now = self._door.clock.now()
        return await self._habits(now - back, now)

    async def _habits(self, since: Instant, until: Instant) -> tuple[Habit, ...]:
        tally = Tally()
        async for page in self._pages(since, until):
            await self._door.off_loop(tally.add, [session for session in page if since <= session.starts_at < until])
        return tally.habits()

    async def _answer(self, request: Request, form: Form) -> Response:
        token = await self._door.reader(request, "report")
        session = await self._door.session(request, token)
        return await self._door.off_loop(self._written, session, form, self._door.clock.now(), language_of(request))

    def _written(self, session: Session, form: Form, now: Instant, language: str) -> Response:
        """The record as it was asked for; only the page speaks the reader's language."""
        found = self._record(session, now)
        match form:
            case "json":
                return reply(report_view(found, self._door.site))
            case "csv":
                return _csv(report_csv(found, self._door.site), f"report-{found.code}")
            case "html":
                page = report_page(found, self._door.site, language)
                return Response(page, headers={"Content-Security-Policy": POLICY}, media_type="text/html; charset=utf-8")

    def _record(self, session: Session, now: Instant) -> Record:
        """Raises Unknown where its room is no longer configured: nobody knows then how bright or loud it was."""
        self._door.known(session.room)
        profile = next((profile for profile in self._library.all() if profile.id == session.profile), None)
        tempo = {phase: wish.bpm for phase, wish in profile.atmospheres.items() if wish.bpm is not None} if profile is not None else {}
        since, until = session.at(min(0.0, session.sheet.spans[0].start)), ended(session, now)
        news = self._records.news_of(session.id, session.room, since, until)
        course = None if session.course is None else self._records.course(session.course)
        return record(session, self._door.site, self._records.doses(session.id), news, tempo, now, course)

    async def _pages(self, since: Instant, until: Instant) -> AsyncIterator[Sequence[Session]]:
        after = None
        while True:
            page, after = await self._door.off_loop(self._records.played, since, until, after, PAGE)
            yield page
            if after is None:
                return

    def _days(self, query: Mapping[str, str]) -> tuple[Instant, Instant]:
        """Whole days of the site, `from` and `to` included; the last thirty if nothing is said. Raises Invalid."""
        zone = self._door.site.timezone
        today = self._door.clock.now().astimezone(zone).date()
        to = _day("to", query.get("to"), today)
        since = _day("from", query.get("from"), to - timedelta(days=USUAL - 1) if to - date.min > timedelta(days=USUAL) else to)
        if since > to:
            raise Invalid(("from", since.isoformat(), f"a day not after {to.isoformat()}"))
        if (to - since).days >= LONGEST:
            raise Invalid(("from", since.isoformat(), f"at most {LONGEST} days up to {to.isoformat()}; ask for the rest by itself"))
        return datetime.combine(since, time(), zone), datetime.combine(to + timedelta(days=1), time(), zone)

    def _local(self, *instants: Instant) -> tuple[Instant, Instant]:
        first, last = (instant.astimezone(self._door.site.timezone) for instant in instants)
        return first, last


def _played(sessions: Sequence[Session], since: Instant, until: Instant, now: Instant) -> list[Sequence[object]]:
    """Plays between two instants: where, what, from, to; never for whom."""
    lines: list[Sequence[object]] = []
    for session in sessions:
        for play in plays(session.sheet, session.offset(min(until, ended(session, now)))):
            start, end = max(since, session.at(play.start)), min(until, session.at(play.end))
            if end > start:
                lines.append((session.room, play.playlist, stamp(start), stamp(end), round((end - start).total_seconds() / 60, 2)))
    return lines


def _day(name: str, text: str | None, default: date) -> date:
    if text is None:
        return default
    try:
        if not _DAY.fullmatch(text):
            raise ValueError
        day = date.fromisoformat(text)
        if not 1971 <= day.year <= 9000:
            raise ValueError
    except ValueError:
        raise Invalid((name, text, "a day, as 2026-06-01")) from None
    return day


def _csv(text: str, name: str) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}.csv"'}
    return Response(text, headers=headers, media_type="text/csv; charset=utf-8")
