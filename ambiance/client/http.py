"""The typed HTTP client of a running controller: every call of the contract as a method that returns plain values."""

import json
import ssl
from collections.abc import Iterator, Mapping, Sequence
from types import TracebackType
from typing import Any
from urllib.parse import quote

import httpx

from ambiance.errors import ControllerUnreachable, Invalid, Refused
from ambiance.units import Seconds

Json = dict[str, Any]


class Client:
    """Speaks to the controller at `url` with a bearer token. Use as a context, or `close` it.

    `authority` is a PEM file with the certificate of the house's own authority; without it the public ones are believed.

    Every method raises ControllerUnreachable where nothing answers, and Refused with the controller's own words.
    """

    def __init__(
        self,
        url: str,
        token: str | None = None,
        wait: Seconds = 10.0,
        transport: httpx.BaseTransport | None = None,
        authority: str | None = None,
    ) -> None:
        self.url = url.rstrip("/")
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        try:
            # Nothing of the machine's proxies: the controller is in the house.
            self._http = httpx.Client(
                base_url=self.url, headers=headers, timeout=wait, transport=transport, trust_env=False, verify=believed(authority)
            )
        except (httpx.InvalidURL, UnicodeError, ValueError) as error:
            raise ControllerUnreachable(url, str(error)) from None

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the connection."""
        self._http.close()

    def rooms(self) -> list[Json]:
        """Every room at a glance."""
        return list(self._ask("GET", "/api/v1/rooms"))

    def room(self, room: str) -> Json:
        """One room at a glance."""
        return dict(self._ask("GET", f"/api/v1/rooms/{_part(room)}"))

    def check(self, room: str) -> Json:
        """Ask every device of a room whether it is ready."""
        return dict(self._ask("GET", f"/api/v1/rooms/{_part(room)}/check"))

    def refilled(self, room: str, device: str, key: str | None = None) -> Json:
        """A diffuser's tank was filled."""
        return dict(self._ask("POST", f"/api/v1/rooms/{_part(room)}/devices/{_part(device)}/refilled", key=key))

    def why(self, room: str) -> Json:
        """Who decided each value of the room's present scene."""
        return dict(self._ask("GET", f"/api/v1/rooms/{_part(room)}/why"))

    def profiles(self) -> list[Json]:
        """The library."""
        return list(self._ask("GET", "/api/v1/profiles"))

    def cuesheet(self, profile: str, minutes: int | None = None, visit: str | None = None) -> Json:
        """A compiled preview of `setting/modality`."""
        setting, _, modality = profile.partition("/")
        query = {key: value for key, value in (("minutes", minutes), ("visit", visit)) if value is not None}
        return dict(self._ask("GET", f"/api/v1/profiles/{_part(setting)}/{_part(modality)}/cuesheet", query=query))

    def start(
        self,
        room: str,
        profile: str | None = None,
        minutes: int | None = None,
        start: str = "now",
        *,
        visit: str = "follow_up",
        care: Sequence[str | Mapping[str, Any]] | None = None,
        wishes: Mapping[str, Any] | None = None,
        scent: bool = False,
        group: str | None = None,
        like: str | None = None,
        course: str | None = None,
        therapist: str | None = None,
        key: str | None = None,
    ) -> Json:
        """Start a session, now or at an instant (ISO-8601 with its offset). `care` None: intake unknown."""
        body = {
            "room": room, "profile": profile, "minutes": minutes, "start": start, "visit": visit,
            "care": None if care is None else list(care), "wishes": dict(wishes or {}), "scent": scent, "group": group, "like": like,
            "course": course,
            "therapist": therapist,
        }  # fmt: skip
        return dict(self._ask("POST", "/api/v1/sessions", body, key=key))

    def batch(self, starts: Sequence[Mapping[str, Any]], key: str | None = None) -> list[Json]:
        """Start many sessions in one go; each result has its own `status`."""
        return list(self._ask("POST", "/api/v1/sessions/batch", list(starts), key=key))

    def sessions(self, room: str | None = None, limit: int | None = None) -> list[Json]:
        """Live and past sessions, newest first."""
        query = {key: value for key, value in (("room", room), ("limit", limit)) if value is not None}
        return list(self._ask("GET", "/api/v1/sessions", query=query))

    def session(self, id: str) -> Json:
        """One session."""
        return dict(self._ask("GET", f"/api/v1/sessions/{_part(id)}"))

    def erase(self, id: str, key: str | None = None) -> Json:
        """Forget a session: at once, or as soon as it is over (`erased` false)."""
        return dict(self._ask("DELETE", f"/api/v1/sessions/{_part(id)}", key=key))

    def open_course(self, key: str | None = None) -> Json:
        """A new course; `course` in the answer is its reference."""
        return dict(self._ask("POST", "/api/v1/courses", key=key))

    def course(self, id: str) -> Json:
        """What is kept of a course."""
        return dict(self._ask("GET", f"/api/v1/courses/{_part(id)}"))

    def close_course(self, id: str, key: str | None = None) -> Json:
        """Forget a course."""
        return dict(self._ask("DELETE", f"/api/v1/courses/{_part(id)}", key=key))

    def report(self, id: str) -> Json:
        """What a session's guest was exposed to."""
        return dict(self._ask("GET", f"/api/v1/sessions/{_part(id)}/report"))

    def report_csv(self, id: str) -> str:
        """The same as CSV."""
        return self._text(f"/api/v1/sessions/{_part(id)}/report.csv")

    def report_page(self, id: str) -> str:
        """The same as one page of HTML to print."""
        return self._text(f"/api/v1/sessions/{_part(id)}/report.html")

    def report_called(self, code: str) -> Json:
        """The report that goes by a code of seven letters and digits."""
        return dict(self._ask("GET", f"/api/v1/reports/{_part(code)}"))

    def playlog(self, since: str | None = None, to: str | None = None) -> str:
        """What was played on these days (2026-06-01, both included) as CSV; the last thirty if nothing is said."""
        return self._text("/api/v1/playlog", _days(since, to))

    def ledger(self, since: str | None = None, to: str | None = None) -> list[Json]:
        """How often staff changed which setting of which treatment on these days."""
        return list(self._ask("GET", "/api/v1/ledger", query=_days(since, to)))

    def pause(self, id: str, key: str | None = None) -> Json:
        """Hold the scene; scent off; the end moves."""
        return self._verb(id, "pause", None, key)

    def resume(self, id: str, key: str | None = None) -> Json:
        """Go on after a pause."""
        return self._verb(id, "resume", None, key)

    def stay(self, id: str, minutes: int, key: str | None = None) -> Json:
        """This phase lasts longer."""
        return self._verb(id, "stay", {"minutes": minutes}, key)

    def extend(self, id: str, minutes: int, key: str | None = None) -> Json:
        """The session lasts longer."""
        return self._verb(id, "extend", {"minutes": minutes}, key)

    def advance(self, id: str, key: str | None = None) -> Json:
        """This phase ends now."""
        return self._verb(id, "advance", None, key)

    def end(self, id: str, key: str | None = None) -> Json:
        """The treatment ends: a short return, then redress; a second time closes at once."""
        return self._verb(id, "end", None, key)

    def cancel(self, id: str, key: str | None = None) -> Json:
        """A session that has not begun will not be."""
        return self._verb(id, "cancel", None, key)

    def move(self, id: str, room: str, key: str | None = None) -> Json:
        """Go on in another room, at the same phase."""
        return self._verb(id, "move", {"room": room}, key)

    def adjust(self, room: str, change: Mapping[str, Any], key: str | None = None) -> Json:
        """A hand on the room: one of `light`, `music`, `style`, `another`, `scent`, `exam_light`, `hold`, `release`."""
        return dict(self._ask("POST", f"/api/v1/rooms/{_part(room)}/adjust", dict(change), key=key))

    def need(self, session: str, care: Sequence[Any] | None, instead: bool = False, key: str | None = None) -> Json:
        """What a session's guest needs from now on, added to what holds or (`instead`) in its place; None: nobody asked."""
        body = {"care": None if care is None else list(care), "replace": instead}
        return dict(self._ask("POST", f"/api/v1/sessions/{_part(session)}/care", body, key=key))

    def choose(self, session: str, conflict: str, side: str, key: str | None = None) -> Json:
        """Staff choose a side of what contradicts in a guest's needs."""
        return dict(self._ask("POST", f"/api/v1/sessions/{_part(session)}/care/answer", {"conflict": conflict, "side": side}, key=key))

    def offers(self) -> list[Json]:
        """Effects the desk may offer, in plain words, with their codes."""
        return list(self._ask("GET", "/api/v1/care"))

    def bright(self, room: str, on: bool = True, key: str | None = None) -> Json:
        """Staff light at once, or back to the plan."""
        return dict(self._ask("POST" if on else "DELETE", f"/api/v1/rooms/{_part(room)}/bright", key=key))

    def ready(self, room: str, key: str | None = None) -> Json:
        """The room is cleaned."""
        return dict(self._ask("POST", f"/api/v1/rooms/{_part(room)}/ready", key=key))

    def window(self, room: str, open: bool, key: str | None = None) -> Json:
        """The window was opened, or shut."""
        return dict(self._ask("POST", f"/api/v1/rooms/{_part(room)}/window", {"open": open}, key=key))

    def out_of_order(self, room: str, on: bool = True, key: str | None = None) -> Json:
        """Nobody uses the room, or it is in use again."""
        return dict(self._ask("POST" if on else "DELETE", f"/api/v1/rooms/{_part(room)}/out-of-order", key=key))

    def site(self) -> Json:
        """The house at a glance: drills under way, the last proof of each alarm path, what is overdue."""
        return dict(self._ask("GET", "/api/v1/site"))

    def emergency(self, kind: str, room: str | None = None, *, drill: bool = False) -> Json:
        """An emergency begins, or a drill of one, in one room or the whole house."""
        return dict(self._ask("POST", "/api/v1/emergency", {"kind": kind, "room": room, **({"drill": True} if drill else {})}))

    def reset_emergency(
        self, kind: str | None = None, room: str | None = None, *, drill: bool = False, out_of_order: bool = False
    ) -> Json:
        """A person ends it, or confirms a drill."""
        more = {name: True for name, on in (("drill", drill), ("out_of_order", out_of_order)) if on}
        return dict(self._ask("DELETE", "/api/v1/emergency", {"kind": kind, "room": room, **more}))

    def try_device(self, room: str, device: str, trial: Mapping[str, Any] | None = None) -> Iterator[Json]:
        """Try a device of a room where nobody is treated (role manager): each step as it is done. Leaving early ends it."""
        path = f"/api/v1/rooms/{_part(room)}/devices/{_part(device)}/test"
        try:
            with self._http.stream("POST", path, json=dict(trial or {}), timeout=httpx.Timeout(10.0, read=200.0)) as answer:
                if answer.is_error:
                    answer.read()
                    raise _refused(answer)
                for line in answer.iter_lines():
                    if line.strip():
                        yield json.loads(line)
        except httpx.HTTPError as error:
            raise ControllerUnreachable(self.url, _reason(error)) from None

    def end_trial(self, room: str, device: str) -> Json:
        """End a trial, if there is one."""
        return dict(self._ask("DELETE", f"/api/v1/rooms/{_part(room)}/devices/{_part(device)}/test"))

    def health(self) -> Json:
        """The process answers."""
        return dict(self._ask("GET", "/healthz"))

    def readiness(self) -> Json:
        """Store, conductor and link, whether or not all is well."""
        return dict(self._ask("GET", "/readyz", refuse=False))

    def events(self, after: int | None = None) -> Iterator[Json]:
        """News as it happens; `after` resumes behind the event of that `seq`. Ends when the controller closes the stream."""
        headers = {"Accept": "text/event-stream"} | ({} if after is None else {"Last-Event-ID": str(after)})
        try:
            with self._http.stream("GET", "/api/v1/events", headers=headers, timeout=httpx.Timeout(10.0, read=60.0)) as answer:
                if answer.is_error:
                    answer.read()
                    raise _refused(answer)
                for line in answer.iter_lines():
                    if line.startswith("data: "):
                        yield json.loads(line.removeprefix("data: "))
        except httpx.HTTPError as error:
            raise ControllerUnreachable(self.url, _reason(error)) from None

    def _verb(self, id: str, verb: str, body: Json | None, key: str | None) -> Json:
        return dict(self._ask("POST", f"/api/v1/sessions/{_part(id)}/{verb}", body, key=key))

    def _ask(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        query: Mapping[str, Any] | None = None,
        key: str | None = None,
        refuse: bool = True,
    ) -> Any:
        answer = self._answer(method, path, body, query, key, refuse)
        try:
            return answer.json()
        except ValueError:
            raise ControllerUnreachable(self.url, f"status {answer.status_code} without JSON: is this a controller?") from None

    def _text(self, path: str, query: Mapping[str, Any] | None = None) -> str:
        return self._answer("GET", path, None, query, None, True).text

    def _answer(
        self, method: str, path: str, body: object, query: Mapping[str, Any] | None, key: str | None, refuse: bool
    ) -> httpx.Response:
        headers = {"Idempotency-Key": key} if key is not None else {}
        try:
            answer = self._http.request(method, path, json=body, params=query, headers=headers)
        except (httpx.HTTPError, httpx.InvalidURL, UnicodeError) as error:
            raise ControllerUnreachable(self.url, _reason(error)) from None
        if answer.is_error and refuse:
            raise _refused(answer)
        return answer


def believed(authority: str | None) -> ssl.SSLContext | bool:
    """Whose certificates a client believes. Raises Invalid where `authority` is no PEM file that can be read."""
    if authority is None:
        return True
    try:
        return ssl.create_default_context(cafile=authority)
    except OSError:  # of which a certificate that is none is a kind
        raise Invalid(("AMBIANCE_CA", authority, "a PEM file, such as data/secrets/ca.pem of the controller")) from None


def _days(since: str | None, to: str | None) -> Json:
    return {key: value for key, value in (("from", since), ("to", to)) if value is not None}


def _part(id: str) -> str:
    """One level of a path; an id can never climb out of it."""
    return quote(id, safe="").replace(".", "%2E") or "%20"


def _refused(answer: httpx.Response) -> Refused:
    try:
        problem = answer.json()
        return Refused(answer.status_code, str(problem["type"]), str(problem["detail"]))
    except (ValueError, KeyError, TypeError):
        return Refused(answer.status_code, "refused", f"status {answer.status_code} {answer.reason_phrase}")


def _reason(error: Exception) -> str:
    said = str(error) or type(error).__name__
    return f"{said}: where the house has an authority of its own, AMBIANCE_CA names its ca.pem" if "CERTIFICATE_VERIFY" in said else said
