"""What holds for every family and everything it can be asked or told."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ambiance.cuesheet.wanted import ClimateWanted, DiffuserWanted, FanWanted, LightWanted, PlayerWanted, Wanted, WarmerWanted
from ambiance.device.dialects import FAMILIES, Garbled, Liveness, Press, Report
from ambiance.device.difference import differences
from ambiance.site import Device, Kind
from tests.device.families import RELATIVE, body, device, echo, every, family, numbers_in

percents = st.one_of(st.floats(0.01, 100), st.sampled_from((0.1, 0.2, 0.4, 1.0, 50.0, 75.0, 100.0)))
seconds = st.one_of(st.just(0.0), st.floats(0, 7200))
colors = st.one_of(st.none(), st.from_regex(r"#[0-9a-f]{6}", fullmatch=True))
WANTED: dict[Kind, st.SearchStrategy[Wanted]] = {
    "light": st.one_of(
        st.builds(LightWanted, st.just(True), percents, st.floats(1500, 10_000), colors, seconds),
        st.builds(LightWanted, st.just(False), st.just(0.0), st.floats(1500, 10_000), st.none(), seconds),
    ),
    "player": st.builds(PlayerWanted, st.booleans(), st.floats(0, 100), st.one_of(st.none(), st.just("pl-0123456789")), seconds),
    "diffuser": st.builds(DiffuserWanted, st.booleans(), st.integers(1, 3), st.floats(1, 100_000)),
    "climate": st.builds(ClimateWanted, st.floats(5, 35)),
    "fan": st.builds(FanWanted, st.floats(0, 100)),
    "warmer": st.builds(WarmerWanted, st.booleans(), st.floats(1, 20_000)),
}
PAIRS = [pytest.param(name, kind, id=f"{name}-{kind}") for name, kind in every()]


@pytest.mark.parametrize(("name", "kind"), PAIRS)
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_whatever_is_wanted_is_said_so_that_it_can_be_repeated(name: str, kind: Kind, data: st.DataObject) -> None:
    wanted, it = data.draw(WANTED[kind]), device(name, kind)
    assert family(name).check(it) == ()
    for message in family(name).encode(it, wanted, (3, 17)):
        assert not message.retain
        assert message.qos == 1
        assert len(message.payload) < 1000
        assert not set(message.topic) & set("#+")
        assert not RELATIVE.search(message.payload)
        for number in numbers_in(body(message)):
            assert number == number and abs(number) < 1e9


@pytest.mark.parametrize(("name", "kind"), [each for each in PAIRS if each.values[1] == "light"])
@settings(max_examples=80, deadline=None)
@given(level=percents, kelvin=st.floats(1500, 10_000), fade=seconds)
def test_a_level_is_never_rounded_to_off_and_a_fade_stays_in_range(name: str, kind: Kind, level: float, kelvin: float, fade: float) -> None:
    it = device(name, kind)
    messages = family(name).encode(it, LightWanted(True, level, kelvin, None, fade), (1, 1))
    levels = [levels_in(body(message)) for message in messages]
    assert all(0 < each <= 255 for found in levels for each in found)
    off = LightWanted(False, 0.0, kelvin, None, fade)
    assert messages != family(name).encode(it, off, (1, 1))
    traits = family(name).traits(it)
    assert traits.effective(fade) <= max(traits.fade, 0.0)


def levels_in(told: Any) -> list[float]:
    """The levels a command names."""
    if isinstance(told, str):
        words = [part.split(" ") for part in told.split("; ")]
        return [float(words[0][0])] if len(words) == 1 and words[0][0].isdecimal() else [float(w[1]) for w in words if "immer" in w[0]]
    params = told.get("params", told)
    return [params[key] for key in ("brightness", "bri", "gain", "level") if key in params]


@pytest.mark.parametrize(("name", "kind"), PAIRS)
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_what_a_family_repeats_is_what_was_wanted(name: str, kind: Kind, data: st.DataObject) -> None:
    """Within its own rounding, and its own range of colour temperatures."""
    wanted, it = data.draw(WANTED[kind]), device(name, kind)
    if isinstance(wanted, LightWanted):
        wanted = LightWanted(
            wanted.on, max(1.0, wanted.brightness) if wanted.on else 0.0, min(6400.0, max(2750.0, wanted.kelvin)), None, wanted.fade
        )
    speaks = family(name)
    values: dict[str, Any] = {}
    for topic, payload in echo(name, it, speaks.encode(it, wanted, (1, 1))):
        assert topic in speaks.filters(it)
        heard = speaks.decode(it, topic, payload)
        assert isinstance(heard, Report), (topic, payload, heard)
        values |= heard.values
    assert differences(wanted, values, {"brightness": 0.6, "celsius": 0.26, "volume": 1.0}) == ()


payloads = st.one_of(
    st.binary(max_size=60),
    st.text(max_size=40).map(str.encode),
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=8),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(
                    ("state", "brightness", "color", "action", "params", "switch:0", "POWER", "Dimmer", "Button1", "x", "output", "id")
                ),
                inner,
                max_size=4,
            )
        ),
        max_leaves=12,
    ).map(lambda value: json.dumps(value).encode()),
    st.sampled_from(
        (
            b"[" * 3000,
            b'{"a":' * 500,
            b"x" * 70_000,
            b"NaN",
            b'{"brightness":NaN}',
            b'{"brightness":1e999}',
            b"9" * 6000,
            b"\xff\xfe",
            b"null",
        )
    ),
)


@pytest.mark.parametrize("name", FAMILIES)
@settings(max_examples=150, deadline=None)
@given(payload=payloads, data=st.data())
def test_row_37_no_family_stumbles_over_nonsense(name: str, payload: bytes, data: st.DataObject) -> None:
    kind = data.draw(st.sampled_from([kind for each, kind in every() if each == name]))
    it = device(name, kind)
    topics = (*family(name).filters(it), "some/other/topic", "", it.topic, f"{it.topic}/set", "\x00")
    heard = family(name).decode(it, data.draw(st.sampled_from(topics)), payload)
    assert heard is None or isinstance(heard, Report | Liveness | Press | Garbled)
    if isinstance(heard, Garbled):
        assert len(heard.reason) < 200
        assert heard.reason.isprintable()
    if isinstance(heard, Report):
        assert all(number == number and abs(number) <= 1e9 for number in numbers_in(dict(heard.values)))


@pytest.mark.parametrize("name", FAMILIES)
def test_an_empty_payload_says_nothing(name: str) -> None:
    for each, kind in every():
        if each == name:
            it = device(name, kind)
            assert all(family(name).decode(it, topic, b"") is None for topic in family(name).filters(it))


@pytest.mark.parametrize("name", FAMILIES)
def test_an_unknown_option_is_refused_with_the_nearest(name: str) -> None:
    known = next(iter(FAMILIES[name].options))
    kind = next(kind for each, kind in every() if each == name)
    (complaint,) = family(name).check(device(name, kind, **{f"{known}x": "1"}))
    assert f"unknown option {known}x; {known}" in complaint


@pytest.mark.parametrize("name", FAMILIES)
def test_a_kind_that_a_family_does_not_drive_is_refused_with_those_it_does(name: str) -> None:
    kinds: tuple[Kind, ...] = ("light", "player", "climate", "button")
    for kind in kinds:
        if kind not in FAMILIES[name].kinds:
            it = device(name, next(known for each, known in every() if each == name))
            wrong = family(name).check(type(it)("it", "lavender", kind, name, it.topic, options=dict(it.options)))
            assert f"found a {kind} on {name}; {min(FAMILIES[name].kinds)}" in wrong[0]


def test_two_messages_on_one_topic_are_both_kept_in_order() -> None:
    it = device("zigbee2mqtt", "light", model="TRADFRI bulb")
    first, second = family("zigbee2mqtt").encode(it, LightWanted(True, 40, 2700, None, 5), (1, 1))
    assert first.topic == second.topic
    assert (first.keep, second.keep) == (True, False)


def test_a_speaker_is_not_made_to_begin_its_piece_again() -> None:
    sonos, it = family("sonos2mqtt"), device("sonos2mqtt", "player", music="x-rincon-cpcontainer:calm")
    begins = sonos.encode(it, PlayerWanted(True, 20, "pl-0123456789"), (1, 1))
    goes_on = sonos.encode(it, PlayerWanted(True, 22, "pl-0123456789"), (1, 2), PlayerWanted(True, 20, "pl-0123456789"))
    assert [body(message)["command"] for message in begins] == ["volume", "setavtransporturi", "play"]
    assert [body(message)["command"] for message in goes_on] == ["volume"]


CALM, DEEP = "pl-0123456789", "pl-9876543210"


def commands(it: Device, *wanteds: PlayerWanted) -> list[Any]:
    """What the last of `wanteds` says after the others were said."""
    before = wanteds[-2] if len(wanteds) > 1 else None
    return [body(message) for message in family(it.dialect).encode(it, wanteds[-1], (1, len(wanteds)), before)]


def test_a_style_is_played_by_the_name_the_speaker_has_for_it_and_goes_on_where_the_name_is_the_same() -> None:
    it = device("sonos2mqtt", "player", music_calm="x:calm", music_deep="x:deep")
    calm, deep = PlayerWanted(True, 20, CALM, style="calm"), PlayerWanted(True, 20, DEEP, style="deep")
    assert commands(it, calm) == [
        {"command": "volume", "input": 20}, {"command": "setavtransporturi", "input": "x:calm"}, {"command": "play"},
    ]  # fmt: skip
    assert commands(it, calm, deep)[1:] == [{"command": "setavtransporturi", "input": "x:deep"}, {"command": "play"}]
    assert commands(it, calm, PlayerWanted(True, 21, DEEP, style="own")) == [{"command": "volume", "input": 21}], "own is called as calm is"


def test_a_sonos_playlist_takes_the_place_of_the_queue_at_the_coordinator() -> None:
    it = device("sonos2mqtt", "player", music_calm="sonos:playlist:7", coordinator="RINCON_000E5000000001499")
    sent = family("sonos2mqtt").encode(it, PlayerWanted(True, 20, CALM, style="calm"), (1, 1))
    assert [message.topic.split("/")[1] for message in sent] == ["RINCON_000E5000000001400", *4 * ["RINCON_000E5000000001499"]]
    assert [body(message) for message in sent][1:] == [
        {"command": "adv-command", "input": {"cmd": "AVTransportService.RemoveAllTracksFromQueue"}},
        {"command": "adv-command", "input": {"cmd": "AddUriToQueue", "val": "sonos:playlist:7"}},
        {"command": "switchtoqueue"},
        {"command": "play"},
    ]
    assert sum(message.keep for message in sent) == 3, "none of them replaces another while they wait"


def test_another_piece_is_the_next_name_of_its_style_and_saying_it_again_changes_nothing() -> None:
    it = device("sonos2mqtt", "player", music_calm="x:one\nx:two")
    first, second, third = (PlayerWanted(True, 20, f"{CALM}{count}", style="calm") for count in ("", ".1", ".2"))
    assert commands(it, first, second)[1:] == [{"command": "setavtransporturi", "input": "x:two"}, {"command": "play"}]
    assert commands(it, second, second) == [{"command": "volume", "input": 20}]
    assert commands(it, second, third)[1] == {"command": "setavtransporturi", "input": "x:one"}


def test_a_style_is_a_stream_on_snapcast_and_an_address_on_mopidy() -> None:
    snapcast = device("snapcast-jsonrpc", "player", group="g1", music_calm="Calm", music_deep="Deep Sea")
    deep = PlayerWanted(True, 20, DEEP, style="deep")
    assert commands(snapcast, deep)[0]["params"] == {"id": "g1", "stream_id": "Deep Sea"}
    assert [said["method"] for said in commands(snapcast, deep, PlayerWanted(True, 22, DEEP, style="deep"))] == ["Client.SetVolume"]
    mopidy = device("mopidy-mqtt", "player", music_deep="file:deep", music_calm="file:calm")
    (message,) = family("mopidy-mqtt").encode(mopidy, deep, (1, 1))
    assert message.payload == b"file:deep"
    assert family("mopidy-mqtt").encode(mopidy, PlayerWanted(True, 20, DEEP, style="deep"), (1, 2), deep) == ()


def test_a_player_without_any_music_is_named_at_start() -> None:
    assert "has no music" in family("sonos2mqtt").warnings(device("sonos2mqtt", "player"))[0]
    assert not family("sonos2mqtt").warnings(device("sonos2mqtt", "player", music_calm="x:calm"))


def test_lamps_of_one_group_can_be_told_together() -> None:
    z2m = family("zigbee2mqtt")
    lamps = tuple(device("zigbee2mqtt", "light", group="lavender_lights") for _ in range(2))
    together = z2m.group(lamps)
    assert together is not None
    (message,) = z2m.encode(together, LightWanted(True, 50, 2700, None, 60), (1, 1))
    assert message.topic == "zigbee2mqtt/lavender_lights/set"
    assert z2m.group((lamps[0], device("zigbee2mqtt", "light"))) is None
    assert z2m.gateway(lamps[0]) == "zigbee2mqtt"


def test_an_answer_says_which_command_it_is_for() -> None:
    shelly, it = family("shelly-gen2"), device("shelly-gen2", "diffuser")
    (call,) = shelly.encode(it, DiffuserWanted(True, 2, 120), (7, 42))
    frame = body(call)
    answer = {"id": frame["id"], "src": it.topic, "dst": frame["src"], "result": {"was_on": False}}
    assert shelly.decode(it, f"{frame['src']}/rpc", json.dumps(answer).encode()) == Report({}, (7, 42), partial=True)
    assert shelly.decode(it, f"{frame['src']}/rpc", json.dumps({**answer, "src": "another"}).encode()) is None
    refused = shelly.decode(
        it, f"{frame['src']}/rpc", json.dumps({**answer, "error": {"code": -103, "message": "Invalid argument"}}).encode()
    )
    assert isinstance(refused, Garbled) and "Invalid argument" in refused.reason
