"""Many rooms at once: one transaction, one burst, everybody told once and nobody early."""

from collections import Counter
from datetime import timedelta

from ambiance.session.wishes import Answer, Start
from ambiance.site import Device, Room
from tests.session.house_fixtures import House, MemoryStore, played


def rooms(count: int) -> list[Room]:
    return [
        Room(id, id, devices=(Device("ceiling", id, "light"), Device("speaker", id, "player"), Device("diffuser", id, "diffuser")))
        for id in (f"r{n:04}" for n in range(count))
    ]


def test_five_hundred_starts_are_one_transaction_and_one_burst() -> None:
    store, many = MemoryStore(), rooms(500)

    async def scenario(house: House) -> None:
        saves = len(store.saved)
        answers = await house.conductor.wish_many([(Start(room.id, "spa/swedish", 60, care=()), None) for room in many])
        assert all(isinstance(answer, Answer) and answer.status == 201 for answer in answers)
        assert len(store.saved) == saves + 1
        assert len(store.saved[-1].sessions) == 500
        assert len(house.conductor.sessions()) == 500
        seqs = [news.seq for news in house.news]
        assert seqs == list(range(1, len(seqs) + 1))

    played(scenario, rooms=many, store=store)


def test_a_thousand_sessions_with_a_cue_at_one_instant_tell_every_device_once_and_none_early() -> None:
    store, many = MemoryStore(), rooms(1000)

    async def scenario(house: House) -> None:
        begin = house.clock.now()
        await house.conductor.wish_many([(Start(room.id, "spa/swedish", 60, care=()), None) for room in many])
        await house.run(299)
        told, saves = len(house.told), len(store.saved)
        await house.run(2)
        cues = [each for each in house.told[told:] if each.device == "ceiling" and not each.glide]
        assert Counter(each.room for each in cues) == Counter({room.id: 1 for room in many})
        assert {each.at for each in cues} == {begin + timedelta(minutes=5)}
        assert len(store.saved) <= saves + 2
        assert all(session.state == "running" for session in house.conductor.sessions())

    played(scenario, rooms=many, store=store)
