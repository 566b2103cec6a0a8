"""The topic tree: what we publish on, what we listen to, and what we refuse to build or hear."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ambiance.device.topics import TREE, VERBS, Command, DeviceTopic, SiteCommand, Topics
from ambiance.errors import Invalid

SLUGS = st.from_regex(r"[a-z0-9-]{1,64}", fullmatch=True)
HARBOUR = Topics("ambiance", "harbour")


def matches(pattern: str, topic: str) -> bool:
    levels, parts = pattern.split("/"), topic.split("/")
    return len(levels) == len(parts) and all(level in ("+", part) for level, part in zip(levels, parts, strict=True))


def test_the_published_topics_are_the_ones_outsiders_were_promised() -> None:
    assert HARBOUR.status() == "ambiance/harbour/status"
    assert HARBOUR.state("lavender") == "ambiance/harbour/lavender/state"
    assert HARBOUR.scene("lavender") == "ambiance/harbour/lavender/scene"
    assert HARBOUR.event("lavender") == "ambiance/harbour/lavender/event"
    assert HARBOUR.set("lavender", "ceiling") == "ambiance/harbour/lavender/device/ceiling/set"
    assert HARBOUR.device_state("lavender", "ceiling") == "ambiance/harbour/lavender/device/ceiling/state"
    assert HARBOUR.online("lavender", "ceiling") == "ambiance/harbour/lavender/device/ceiling/online"
    assert HARBOUR.do("lavender", "start") == "ambiance/harbour/lavender/do/start"
    assert HARBOUR.emergency() == "ambiance/harbour/do/emergency"
    assert HARBOUR.result(HARBOUR.do("lavender", "start")) == "ambiance/harbour/lavender/do/start/result"
    assert HARBOUR.result(HARBOUR.emergency()) == "ambiance/harbour/do/emergency/result"


def test_the_prefix_may_have_levels_of_its_own() -> None:
    chain = Topics("acme/Spa_1", "harbour")
    assert chain.parse(chain.do("lavender", "end")) == Command("lavender", "end")
    assert chain.parse("ambiance/harbour/lavender/do/end") is None


@pytest.mark.parametrize("prefix", ["", "/", "a/", "/a", "a//b", "a+", "a/#", "$SYS", "a b", "ä", "a\0", "x" * 129, "a\n"])
def test_a_prefix_that_could_not_be_a_topic_is_refused(prefix: str) -> None:
    with pytest.raises(Invalid, match="prefix"):
        Topics(prefix, "harbour")


@pytest.mark.parametrize("bad", ["", "+", "#", "/", "a/b", "$x", "a\0b", "a b", "Ä", "Lavender", "x" * 65, "x" * 300, "a\n"])
def test_fault_15_an_id_that_is_not_a_slug_never_becomes_a_topic(bad: str) -> None:
    for make in (
        HARBOUR.state,
        HARBOUR.scene,
        HARBOUR.event,
        lambda room: HARBOUR.do(room, "end"),
        lambda site: Topics("a", site).status(),
    ):
        with pytest.raises(Invalid, match="a-z, 0-9"):
            make(bad)
    for make_device in (HARBOUR.set, HARBOUR.device_state, HARBOUR.online):
        with pytest.raises(Invalid, match="room"):
            make_device(bad, "ceiling")
        with pytest.raises(Invalid, match="device"):
            make_device("lavender", bad)
    assert HARBOUR.parse(f"ambiance/harbour/{bad}/do/end") is None
    assert HARBOUR.parse(f"ambiance/harbour/lavender/device/{bad}/state") is None


def test_an_unknown_verb_is_never_built_but_heard_so_that_it_can_be_refused() -> None:
    with pytest.raises(Invalid, match="explode"):
        HARBOUR.do("lavender", "explode")
    assert HARBOUR.parse("ambiance/harbour/lavender/do/explode") == Command("lavender", "explode")
    assert HARBOUR.result("ambiance/harbour/lavender/do/explode") == "ambiance/harbour/lavender/do/explode/result"
    assert HARBOUR.parse("ambiance/harbour/lavender/do/Explode!") is None


def test_answers_go_only_beside_commands() -> None:
    with pytest.raises(Invalid, match="command topic"):
        HARBOUR.result("ambiance/harbour/status")


@given(room=SLUGS, device=SLUGS, verb=st.sampled_from(VERBS))
def test_what_is_heard_is_what_was_asked_and_the_filters_let_it_through(room: str, device: str, verb: str) -> None:
    assert HARBOUR.parse(HARBOUR.do(room, verb)) == Command(room, verb)
    assert HARBOUR.parse(HARBOUR.device_state(room, device)) == DeviceTopic(room, device, "state")
    assert HARBOUR.parse(HARBOUR.online(room, device)) == DeviceTopic(room, device, "online")
    assert any(matches(f, HARBOUR.do(room, verb)) for f in HARBOUR.do_filters())
    assert any(matches(f, HARBOUR.device_state(room, device)) for f in HARBOUR.device_filters())
    assert any(matches(f, HARBOUR.online(room, device)) for f in HARBOUR.device_filters())


@given(room=SLUGS, device=SLUGS, verb=st.sampled_from(VERBS))
def test_nothing_we_say_comes_back_as_something_we_hear(room: str, device: str, verb: str) -> None:
    command = HARBOUR.do(room, verb)
    said = [HARBOUR.status(), HARBOUR.state(room), HARBOUR.scene(room), HARBOUR.event(room), HARBOUR.set(room, device)]
    assert [HARBOUR.parse(topic) for topic in [*said, f"{command}/result", f"{HARBOUR.emergency()}/result"]] == [None] * 7
    assert not any(matches(f, HARBOUR.result(command)) for f in HARBOUR.do_filters())


@given(
    topic=st.one_of(st.text(), st.lists(st.sampled_from(["ambiance", "harbour", "do", "device", "state", "online", "end", "a", "", "+"])))
)
def test_any_other_topic_is_nobodys(topic: str | list[str]) -> None:
    text = topic if isinstance(topic, str) else "/".join(topic)
    match HARBOUR.parse(text):
        case Command(room, verb):
            assert text == f"ambiance/harbour/{room}/do/{verb}"
        case DeviceTopic(room, device, about):
            assert text == f"ambiance/harbour/{room}/device/{device}/{about}"
        case SiteCommand():
            assert text == "ambiance/harbour/do/emergency"


def test_the_table_lists_every_maker() -> None:
    listed = {pattern for pattern, _ in HARBOUR.table()}
    command = HARBOUR.do("room", "end")
    made = {
        *(HARBOUR.status(), HARBOUR.state("room"), HARBOUR.scene("room"), HARBOUR.event("room"), command, HARBOUR.result(command)),
        *(HARBOUR.emergency(), HARBOUR.result(HARBOUR.emergency())),
        *(HARBOUR.set("room", "lamp"), HARBOUR.device_state("room", "lamp"), HARBOUR.online("room", "lamp")),
    }
    as_patterns = {topic.replace("/room/", "/<room>/").replace("/lamp/", "/<device>/").replace("do/end", "do/<verb>") for topic in made}
    assert as_patterns == listed
    assert not any(row.retained for row in TREE if "do" in row.pattern.split("/") or row.name in ("event", "set"))
