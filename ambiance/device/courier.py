"""The courier: says to each device what it should be until the device confirms it, and hears what devices say.

Every new wanted state of a device gets the next version; what was said before is said again in the same bytes. Nothing
is repeated over a lost connection: whoever decides says the present anew. A diffuser's *on* is never said again later.
"""

from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import timedelta
from functools import partial

import structlog

from ambiance.clock import Clock, Instant, way
from ambiance.cuesheet.wanted import DiffuserWanted, Wanted, WarmerWanted
from ambiance.device.complaints import Complaints
from ambiance.device.dialects.dialect import Dialect, Garbled, Liveness, Pair, Press, Report
from ambiance.device.dialects.family import uri_of
from ambiance.device.difference import runs_for, speaks_of
from ambiance.device.gateways import Gateways
from ambiance.device.judging import changed_by_hand, must_prove_off, runs_against_us
from ambiance.device.message import Incoming, Message, nothing_new
from ambiance.device.news import (
    ButtonPressed,
    DeviceAsked,
    DeviceChanged,
    DeviceNews,
    DeviceReported,
)
from ambiance.device.pacing import Letter, Pacing
from ambiance.device.presence import Presence
from ambiance.device.presses import rest, verb_of
from ambiance.device.resending import Resending
from ambiance.device.talk import Talk, fade
from ambiance.device.tally import Tally
from ambiance.device.topics import DeviceTopic, Topics
from ambiance.site import Kind, Site
from ambiance.units import Seconds

OFF: Mapping[Kind, Wanted] = {"diffuser": DiffuserWanted(False), "warmer": WarmerWanted(False)}
QUESTION: Seconds = 1.0
"""After a device said it is off, until it is asked whether it is, where its word may be no more than an echo."""


class Courier:
    """Wanted states out, reports in, for every device of the site. Lives on the loop; call `link_up` once there is a link.

    `filters` is what to subscribe to, to hear every device; `tally` counts.
    """

    def __init__(
        self,
        site: Site,
        topics: Topics,
        dialects: Mapping[str, Dialect],
        epoch: int,
        clock: Clock,
        publish: Callable[[Message], None],
        tell: Callable[[DeviceNews], None],
    ) -> None:
        self.tally = Tally()
        self._topics, self._dialects, self._epoch, self._clock, self._publish = topics, dialects, epoch, clock, publish
        self._up = False
        self._log = structlog.get_logger("device")
        self._talks: dict[tuple[str, str], Talk] = {}
        self._parted: dict[tuple[str, str], Pair] = {}
        """What was said last to devices that were taken away: whoever comes back under the name must not take us for an old one."""
        self.filters: tuple[str, ...] = ()
        self._speakers: Mapping[str, list[Talk]] = {}

        def known(news: DeviceNews) -> None:
            if (news.room, news.device) in self._talks:
                tell(news)

        self._tell = known
        self._pacing = Pacing(clock, publish)
        self._presence = Presence(clock, known, self._back, self._gone)
        self._resending = Resending(clock, self.tally, known, self._pacing.waiting, partial(self._post, alone=True))
        self._complaints = Complaints(clock, self.tally, known)
        self.adopt(site)

    def adopt(self, site: Site) -> tuple[str, ...]:
        """The devices are those of this site now. Returns what to subscribe to (again) to hear where those stand that are new.

        Whatever runs to an end of its own is told off before it is let go; who stays is not told anything.
        """
        there = {(room.id, device.id): (room, device) for room in site.rooms for device in room.devices}
        for key, talk in list(self._talks.items()):
            if key not in there or not there[key][1].is_still(talk.device):
                self._part(talk)
        fresh: set[str] = set()
        for key, (room, device) in there.items():
            if key in self._talks:
                talk = self._talks[key]
                if (was := talk.wanted) is not None and uri_of(device, was) != uri_of(talk.device, was):
                    talk.lost = talk.renamed = True
                talk.room, talk.device, talk.traits = room, device, talk.dialect.traits(device)
            else:
                pair = self._parted.pop(key, None)
                self._talks[key] = new = Talk(room, device, self._dialects[device.dialect], way(self._clock), pair=pair)
                fresh |= set(new.dialect.filters(device))
        self._talks = {key: self._talks[key] for key in there}
        spoken = [(topic, talk) for talk in self._talks.values() for topic in talk.dialect.filters(talk.device)]
        self.filters = tuple(sorted({topic for topic, _ in spoken}))
        speakers: dict[str, list[Talk]] = {}
        for topic, talk in spoken:
            if not set(topic) & set("+#"):
                speakers.setdefault(topic, []).append(talk)
        self._speakers = speakers
        self._gateways = Gateways(self._talks.values(), self._epoch)
        return tuple(sorted(fresh))

    def _part(self, talk: Talk) -> None:
        """Nothing is expected of this device any more."""
        talk.stop_waiting()
        self._pacing.forget(talk.key)
        talk.questioned = None
        if talk.return_alarm is not None:
            talk.return_alarm.cancel()
        off = OFF.get(talk.device.kind)
        pair = (self._epoch, talk.pair[1] + 1 if talk.pair else 1)
        if off is not None and self._up:
            for message in talk.dialect.encode(talk.device, off, pair, None):
                self._publish(message)
        self._parted[talk.key] = pair
        del self._talks[talk.key]

    def send(self, room: str, device: str, wanteds: tuple[Wanted, ...], glide: bool = False, hurry: bool = False) -> None:
        """Make a device be the last of `wanteds`, by way of the others in order.

        `glide`: this restates the present rather than moves it on; it is stretched where the device is elsewhere, and says
        nothing new to a device that has it. `hurry`: a person or an emergency wants it now; it is said until confirmed.
        """
        talk, now = self._talks[room, device], self._clock.now()
        *before, wanted = wanteds
        if isinstance(wanted, DiffuserWanted) and wanted.on:
            if glide or talk.online is False or not self._up:
                return
        elif talk.has(wanted, glide and not hurry, now):
            repeating = talk.insist and talk.alarm is not None
            talk.insist = talk.insist or hurry
            if self._gateways.line(talk) is None or not talk.stands(now) or hurry:
                self._post(talk)
                if talk.says_nothing_new(now):
                    talk.stop_waiting()
                elif not repeating:  # else it is said until it is confirmed as it is, and counted
                    self._wait(talk)
            return
        asked, wanted = wanted, wanted if hurry else talk.unstartling(wanted, glide, now)
        last, stood = talk.letter, talk.stands(now)
        since = talk.before(wanted, glide)
        words: list[Message] = []
        for step in (*before, wanted):
            talk.pair = (self._epoch, talk.pair[1] + 1 if talk.pair else 1)
            talk.letter, talk.begun_at = talk.dialect.encode(talk.device, step, talk.pair, since), None
            since = step
            # The level before the play must not be replaced by the play while both wait.
            words += talk.letter if step is wanted else (replace(message, keep=True) for message in talk.letter)
        talk.since, talk.renamed = talk.reported if talk.fresh else None, False
        talk.on_way_to = talk.wanted
        talk.wanted, talk.answered, talk.settled, talk.lost = wanted, False, None, not self._up
        talk.insist = hurry or talk.off_for_good
        ends = runs_for(wanted)
        talk.ends_at = now + timedelta(seconds=ends) if ends is not None else None
        talk.gliding = now + fade(wanted) if wanted != asked else None
        if stood and not talk.insist and ends is None and not before and nothing_new(talk.letter, last):
            # A step too small for the device to make: it is there.
            talk.answered, talk.moved_by = True, now
            self._tell(DeviceAsked(room, device, wanted))
            self._tell(DeviceReported(room, device, talk.reported or {}, True, frozenset()))
            return
        self._post(talk, words)
        self._tell(DeviceAsked(room, device, wanted))
        self._wait(talk)
        if talk.says_nothing_new(now) and not must_prove_off(talk):
            self._confirmed(talk, retained=False)
            self._tell(DeviceReported(room, device, talk.reported or {}, True))

    def ask(self, room: str, device: str) -> bool:
        """Have a device say what it is; False where it cannot be asked."""
        talk = self._talks[room, device]
        questions = talk.dialect.ask(talk.device) if self._up else ()
        if questions:
            self._pacing.post(self._gateways.line(talk), (room, f"{device} asked"), Letter(deque(questions)))
        return bool(questions)

    @property
    def up(self) -> bool:
        """Whether there is a link over which devices can be told and asked."""
        return self._up

    def answers(self, room: str, device: str) -> bool:
        """Whether a device ever says what it is."""
        return self._talks[room, device].traits.answers

    def hear(self, incoming: Incoming) -> bool:
        """Take in what arrived; False where it was not from a device. Never raises, whatever arrives."""
        talks = self._speakers.get(incoming.topic, [])
        if not talks:
            parsed = self._topics.parse(incoming.topic)
            if not isinstance(parsed, DeviceTopic):
                return False
            talk = self._talks.get((parsed.room, parsed.device))
            talks = [] if talk is None else [talk]
        if not talks:
            self._complaints.stranger()
        for talk in talks:
            try:
                self._hear(talk, incoming)
            except Exception as error:
                # Whatever a device says must not keep the others from being heard.
                self._log.error("report_failed", room=talk.room.id, device=talk.device.id, error=type(error).__name__)
                self._complaints.refuse(talk, "found what could not be taken in")
        return True

    def _hear(self, talk: Talk, incoming: Incoming) -> None:
        heard = talk.dialect.decode(talk.device, incoming.topic, incoming.payload)
        match heard:
            case Report():
                self._report(talk, heard, incoming.retain)
            case Liveness(online):
                gateway = talk.dialect.gateway(talk.device)
                own = talk.device.topic and incoming.topic.startswith(f"{talk.device.topic}/")
                if online or not own or talk.device.kind != "sensor":  # most of them sleep between two words
                    self._presence.says(talk, online, None if own else gateway, now=not incoming.retain)
            case Press():
                if not incoming.retain:
                    self._press(talk, heard)
            case Garbled(reason):
                self._complaints.refuse(talk, reason)

    def link_up(self) -> None:
        """The broker is there. Nothing is sent by this: the present is restated by whoever knows it."""
        self._up = True

    def link_down(self) -> None:
        """The broker is gone, and with it all that waited for a confirmation; devices may be anywhere by the time it is back."""
        self._up = False
        self._pacing.clear()
        for talk in self._talks.values():
            talk.stop_waiting()
            talk.lost, talk.fresh = True, False

    # -- saying ------------------------------------------------------------------------------------------------------

    def _post(self, talk: Talk, words: Iterable[Message] | None = None, alone: bool = False) -> None:
        now = self._clock.now()
        goes_on = self._up and talk.again(now)
        if not goes_on:
            self._moves(talk, now)
        if not self._up:
            return
        talk.heard, talk.questioned, talk.asked = False, None, False
        talk.posted_at = now
        self.tally.sent += 1
        line, words = self._gateways.line(talk), talk.letter if words is None else words
        if line is None:
            for message in words:
                self._publish(message)
            return

        def went() -> None:
            talk.posted_at = now = self._clock.now()
            if not goes_on:
                self._moves(talk, now)

        group = None if alone or goes_on else self._gateways.group(talk)
        self._pacing.post(line, talk.key, Letter(deque(words), talk.insist, went, talk.wanted, group))

    def _moves(self, talk: Talk, now: Instant) -> None:
        if not talk.answered and talk.wanted is not None:
            talk.moved_by = now + fade(talk.wanted)

    def _wait(self, talk: Talk) -> None:
        """Expect a confirmation from now on."""
        self._resending.expect(talk, self._up)

    # -- hearing -----------------------------------------------------------------------------------------------------

    def _report(self, talk: Talk, report: Report, retained: bool) -> None:
        if retained and talk.fresh:
            return  # the broker was asked anew for another's sake; of this one nothing is newer than what it said itself
        now = self._clock.now()
        rebooted = report.boot is not None and talk.boot is not None and report.boot != talk.boot
        talk.boot = report.boot or talk.boot
        older = report.pair is not None and talk.pair is not None and report.pair < talk.pair
        if older and not rebooted and talk.reported is not None:
            self.tally.outdated += 1
            return
        values = {**talk.reported, **report.values} if report.partial and talk.reported is not None else report.values
        about = talk.wanted is not None and speaks_of(talk.wanted, report.values)
        right = talk.is_as_wanted(values, now)
        confirmed = talk.pair is not None and (report.pair == talk.pair if report.pair is not None else right and about)
        if confirmed and not talk.answered and must_prove_off(talk) and not self._proved(talk, now):
            confirmed = False
        if talk.wanted is None and report.pair is not None and report.pair[0] == self._epoch:
            talk.pair = max(talk.pair or report.pair, report.pair)  # it was tried by itself meanwhile; what we say is later than that
        if values:
            talk.reported, talk.fresh = values, True
            talk.heard = talk.heard or (about and not retained)
        if confirmed:
            self._confirmed(talk, retained)
        if not values:
            return
        self._tell(DeviceReported(*talk.key, values, confirmed, frozenset(report.values)))
        came_back, talk.returning = talk.returning, False
        if rebooted:
            talk.lost, talk.settled = True, None
            if not came_back:
                self._presence.returned(talk)
        elif talk.lost or report.pair not in (None, talk.pair):
            return
        elif talk.answered and not retained and runs_against_us(talk, report.values, now):
            talk.answered, talk.insist = False, True
            self._tell(DeviceChanged(*talk.key, values))
            self._post(talk)
            self._wait(talk)
        elif (about or not report.partial) and changed_by_hand(talk, values, right, report.pair is not None, now):
            self._tell(DeviceChanged(*talk.key, values))

    def _proved(self, talk: Talk, now: Instant) -> bool:
        """Whether it was asked since it was told off, and says that it is; else it is asked."""
        if talk.questioned is not None:
            return talk.asked
        talk.questioned = asking = now + timedelta(seconds=QUESTION)

        def ask() -> None:
            if talk.questioned == asking:
                talk.asked = self.ask(*talk.key)

        self._clock.call_at(asking, ask)
        return False

    def _confirmed(self, talk: Talk, retained: bool) -> None:
        if talk.alarm is not None or not talk.answered:
            self.tally.confirmed += 1
        talk.stop_waiting()
        talk.answered, talk.silent, talk.tries = True, False, 0
        if not retained:
            self._presence.answered(talk)

    def _gone(self, talk: Talk) -> None:
        if not talk.insist:
            talk.stop_waiting()

    def _back(self, talk: Talk) -> None:
        if talk.insist and not talk.answered:
            self._post(talk)
            self._wait(talk)

    def _press(self, talk: Talk, press: Press) -> None:
        verb, now = verb_of(talk.device, press), self._clock.now()
        if verb is None:
            return
        last = talk.pressed.get((press, press.word))
        if last is not None and (now - last).total_seconds() < rest(verb):
            return
        talk.pressed[press, press.word] = now
        self._tell(ButtonPressed(*talk.key, verb))
