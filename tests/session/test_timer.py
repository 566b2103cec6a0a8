"""The calendar: everything rings, late rather than never, on both timers."""

import asyncio
from datetime import UTC, datetime, timedelta

from ambiance.clock import ManualClock, SystemClock
from ambiance.session import CalendarTimer, ClockTimer


def test_what_is_due_rings_once_and_what_was_dropped_or_replaced_never_does() -> None:
    async def scenario() -> list[str]:
        clock = ManualClock()
        timer = ClockTimer(clock)
        rung: list[str] = []
        timer.start()
        timer.at(clock.now() + timedelta(seconds=10), "a", lambda: rung.append("a"))
        timer.at(clock.now() + timedelta(seconds=5), "b", lambda: rung.append("b"))
        timer.at(clock.now() + timedelta(seconds=7), "b", lambda: rung.append("b again"))
        timer.at(clock.now() + timedelta(seconds=3), "c", lambda: rung.append("c"))
        timer.drop("c")
        timer.drop("nobody")
        timer.at(clock.now() - timedelta(hours=1), "late", lambda: rung.append("late"))
        await clock.run(11)
        timer.at(clock.now() + timedelta(seconds=1), "d", lambda: rung.append("d"))
        timer.stop()
        await clock.run(11)
        return rung

    assert asyncio.run(scenario()) == ["late", "b again", "a"]


def test_the_calendar_rings_everything_that_is_due_at_one_instant_also_when_it_is_late() -> None:
    async def scenario() -> set[int]:
        clock = SystemClock()
        timer = CalendarTimer(clock)
        rung: set[int] = set()
        done = asyncio.Event()
        timer.start()

        def ring(n: int) -> None:
            rung.add(n)
            if len(rung) == 300:
                done.set()

        long_past = clock.now() - timedelta(days=2)
        soon = clock.now() + timedelta(milliseconds=150)
        for n in range(300):
            timer.at(long_past if n % 2 else soon, f"k{n}", lambda n=n: ring(n))  # type: ignore[misc]
        timer.at(soon, "dropped", lambda: ring(-1))
        timer.drop("dropped")
        await asyncio.wait_for(done.wait(), 20)
        timer.stop()
        timer.stop()
        return rung

    assert asyncio.run(scenario()) == set(range(300))


def test_the_calendar_is_given_the_machine_s_time_for_a_site_that_keeps_its_own() -> None:
    async def scenario() -> float:
        machine = [1_000_000.0]
        clock = SystemClock(wall=lambda: machine[0])
        at = clock.now() + timedelta(hours=1)
        machine[0] += 7200  # somebody sets the machine's clock; nobody has looked yet
        wall = clock.wall(at)
        return (wall - datetime.fromtimestamp(machine[0], UTC)).total_seconds()

    assert 3599 < asyncio.run(scenario()) <= 3600
