"""What a session's record can tell, because it was noted while it happened."""

from ambiance.device.news import DeviceSilent, DeviceWentOffline
from ambiance.room.asks import wish_of
from ambiance.session.wishes import Lost
from tests.session.house_fixtures import LAVENDER, House, played


def test_a_device_that_is_lost_in_a_session_is_noted_with_it_and_else_not() -> None:
    async def scenario(house: House) -> None:
        await house.wish(Lost("lavender", "ceiling"))
        assert "device_lost" not in house.types()
        id = await house.begin(care=())
        await house.wish(Lost("lavender", "ceiling"))
        (told,) = [news for news in house.news if news.type == "device_lost"]
        assert (told.session, told.room, told.details) == (id, "lavender", {"device": "ceiling"})

    played(scenario)


def test_a_will_and_three_sends_without_an_answer_are_a_loss_while_somebody_is_there() -> None:
    for news in (DeviceWentOffline("lavender", "ceiling"), DeviceSilent("lavender", "ceiling", 3)):
        assert wish_of(news, LAVENDER, True, ()) == Lost("lavender", "ceiling")
        assert wish_of(news, LAVENDER, False, ()) is None
