"""Tables and stones are warm when the guest comes, and not for nobody."""

from datetime import timedelta

from ambiance.session.wishes import Emergency, LinkUp
from tests.session.house_fixtures import LAVENDER, MINUTE, House, played


def warm(house: House, room: str = "lavender") -> bool:
    return bool(house.actual(room, "table")["on"])


def test_a_table_begins_to_warm_half_an_hour_ahead_and_is_off_when_the_guest_has_left() -> None:
    async def scenario(house: House) -> None:
        await house.begin(at=house.clock.now() + timedelta(hours=1), care=())
        await house.run(29 * MINUTE)
        assert not warm(house)
        await house.run(2 * MINUTE)
        assert warm(house)
        await house.run(88 * MINUTE)
        assert warm(house)
        await house.run(2 * MINUTE)
        assert not warm(house)

    played(scenario)


def test_neither_a_restart_nor_a_new_link_nor_the_guest_before_lets_it_go_cold() -> None:
    async def scenario(house: House) -> None:
        now = house.clock.now()
        await house.begin(at=now + timedelta(hours=1), care=())
        before = await house.begin(minutes=30, care=())
        await house.run(31 * MINUTE)
        assert house.session(before).ended_at is not None
        assert warm(house)
        await house.wish(LinkUp())
        assert warm(house)
        await house.restart(after=5)
        assert warm(house)

    played(scenario, rooms=(LAVENDER,))


def test_it_is_off_again_when_the_booking_goes_away() -> None:
    async def scenario(house: House) -> None:
        now = house.clock.now()
        cancelled = await house.begin("lavender", at=now + timedelta(minutes=25), care=())
        moved = await house.begin("rose", at=now + timedelta(minutes=25), care=())
        await house.run(MINUTE)
        assert warm(house) and warm(house, "rose")
        await house.act("cancel", cancelled)
        await house.act("move", moved, to="oak")
        assert not warm(house) and not warm(house, "rose")
        assert warm(house, "oak")

    played(scenario)


def test_nothing_is_warmed_in_an_emergency() -> None:
    async def scenario(house: House) -> None:
        await house.begin(at=house.clock.now() + timedelta(minutes=40), care=())
        await house.wish(Emergency("medical", room="lavender"))
        await house.run(20 * MINUTE)
        assert not warm(house)

    played(scenario)
