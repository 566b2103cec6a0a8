"""What the pages' own programs say, in the reader's language: small books of words, handed over as JSON."""

from collections.abc import Callable, Mapping
from typing import Any

Say = Callable[[str], str]
Book = dict[str, Any]


def state_words(_: Say) -> Book:
    """The states of sessions, as a list of the day says them."""
    return {
        "scheduled": _("booked"), "preparing": _("being prepared"), "waiting": _("waiting for the guest"), "running": _("in the room"),
        "paused": _("paused"), "overrun": _("over time"), "ending": _("guest leaving"), "done": _("done"),
    }  # fmt: skip


def desk_words(_: Say) -> Book:
    """The front desk."""
    return {
        "reconnecting": _("Reconnecting. What you see may be old."),
        "unreachable": _("The controller did not answer. Nothing has changed."),
        "open": _("Open %s"),
        "minutes": _("%s min"),
        "left": _("%s minutes left"),
        "over": _("%s minutes over"),
        "usual": _("Usual treatments"),
        "other": _("Another…"),
        "group": {"menu": _("Menu"), "spa": _("Spa"), "clinical": _("Clinic")},
        "effects": {
            "scent": _("Scent"), "light": _("Light"), "sound": _("Sound"), "pace": _("Pace"), "warmth": _("Warmth"), "room": _("Room"),
        },
        "offer": {
            "no-scent": _("No scent"), "clean-air": _("No scent, and none left in the air"), "some-light": _("Keep some light"),
            "never-dark": _("Never dark"), "light-to-walk-by": _("Light to get up by"), "dim": _("Keep it dim"),
            "white": _("White light only"), "warm-light": _("Warm light only"), "quieter": _("Quieter"), "silence": _("Silence"),
            "never-silent": _("Never quite silent"), "no-water": _("No water sounds"), "no-voices": _("No voices"),
            "no-bass": _("No low notes"), "nothing-sudden": _("Nothing sudden"), "say-first": _("Tell me before anything changes"),
            "my-pace": _("Go on only when I am ready"), "warmer": _("Warmer"), "cooler": _("Cooler"), "door": _("Leave the door to me"),
            "own-controls": _("Light and sound in my own hands"),
        },
        "state": {
            "ready": _("Ready"), "ready_next": _("Ready, next at %s"), "prepping": _("Preparing for %s"),
            "waiting_client": _("Ready for the guest"),
            "in_session": _("In use until %s"), "paused": _("Paused"), "overrun": _("Over time"),
            "ending": _("Guest leaving"), "cleaning": _("Cleaning"), "airing": _("Airing"), "airing_until": _("Airing until %s"),
            "vacant_dirty": _("To clean"), "out_of_order": _("Out of order"),
        },
        "emergency": {"fire": _("Fire"), "medical": _("Somebody is unwell"), "duress": _("Call for help")},
        "raised": {"fire": _("Fire: %s."), "medical": _("Somebody is unwell: %s."), "duress": _("Call for help: %s.")},
        "waits": {
            "border": _("Waits for the therapist"), "welcome": _("Waits for the guest"), "end": _("Waits for the end"),
            "resume": _("Power came back: resume?"),
        },
        "hands": _("By hand: %s"),
        "scent_free": _("Scent-free OK from %s"),
        "not_confirmed": _("Not confirmed: %s"),
        "go": {
            "start": _("Start"), "guest": _("Guest is here"), "go": _("Go on"), "extend": _("+10 min"), "resume": _("Resume"),
            "end": _("End"), "close": _("Guest has left"), "ready": _("Cleaned"), "reset": _("Reset"), "open": _("Use again"),
        },
        "verb": {
            "advance": _("Go on"), "stay": _("Not yet, 5 min"), "extend": _("10 min longer"), "pause": _("Pause"), "resume": _("Resume"),
            "end": _("End"), "cancel": _("Cancel"), "move": _("Move to…"),
        },
        "done": {
            "guest": _("the guest is in."), "go": _("goes on."), "advance": _("Goes on."), "stay": _("Stays."), "extend": _("Longer."),
            "pause": _("Paused."), "resume": _("Resumed."), "end": _("Comes to its end."), "close": _("The room is being turned over."),
            "cancel": _("Cancelled."), "move": _("Moved."), "ready": _("Ready."), "adjust": _("Done."), "bright": _("Bright."),
            "dim": _("Back to the plan."), "reset": _("Reset."), "emergency": _("Raised. Watch the lanes until each says confirmed."),
            "open": _("In use again."),
        },
        "end_later": _("Ends %s min later."),
        "end_sooner": _("Ends %s min sooner."),
        "started": _("%s has started."),
        "called": _("%s calls the desk."),
        "undo": _("Undo"),
        "cancelling": _("Is being cancelled. Undo within six seconds."),
        "uncancelled": _("Stays booked."),
        "checking": _("Asking the devices…"),
        "refilled": _("Refilled"),
        "at_time": _("At %s instead"),
        "instead": _("%s instead"),
        "not_airable": _("%s still holds scent that this guest cannot have. It is clear from %s."),
        "time_needed": _("Say at what time it starts."),
        "yes": _("yes"),
        "no": _("no"),
        "attribute": {
            "brightness": _("brightness, %"), "kelvin": _("warmth of the light, K"), "color": _("colour"), "volume": _("loudness, %"),
            "playlist": _("music"), "intensity": _("strength of scent"), "celsius": _("warmth, °C"), "speed": _("speed, %"), "on": _("on"),
        },
        "layer": {
            "setting": _("the setting"), "profile": _("the treatment"), "menu": _("the menu"), "standing": _("the empty room"),
            "wish": _("a wish"), "room": _("the room's devices"), "hand": _("a hand"), "care": _("what the guest needs"),
            "limit": _("a limit"), "emergency": _("the emergency"),
        },
        "whole_house": _("The whole house"),
    }  # fmt: skip


def ribbon_words(_: Say) -> Mapping[str, str]:
    """Phases and hands, and what is said around them to those who do not see the ribbon."""
    return {
        "room_prep": _("preparation"), "welcome": _("welcome"), "exam": _("exam"), "pre_rinse": _("shower"), "settle": _("settle"),
        "analyse": _("analysis"), "open": _("open"), "float_in": _("into the float"), "work1": _("first side"), "turn": _("turn"),
        "work2": _("second side"), "rinse": _("rinse"), "deep": _("deep"), "silence": _("silence"), "float_silent": _("silent float"),
        "finish": _("finish"), "float_out": _("out of the float"), "post_rinse": _("shower"), "return": _("return"),
        "reassess": _("reassess"), "redress": _("redress"), "turnover_air": _("airing"), "turnover_clean": _("cleaning"),
        "light": _("light"), "music": _("music"), "mute": _("mute"), "style": _("style"), "another": _("another"),
        "scent_off": _("scent off"), "hold": _("hold"), "exam_light": _("exam light"), "bright": _("bright light"),
        "said.during": _("%s minutes: %s"), "said.before": _("before it %s"), "said.after": _("after it %s"),
        "said.scent": _("scent in minutes %s"), "said.span": _("%s to %s"), "said.silent": _("silent"),
        "said.hands": _("changed by hand in minute %s"), "said.hand": _("%s in minute %s"), "said.now": _("now minute %s"),
        "said.parts": _("%s minutes in %s parts"), "now": _("now"),
    }  # fmt: skip


def rehearsal_words(_: Say) -> Book:
    """The rehearsal."""
    return {
        "fetching": _("Compiling the treatment…"),
        "play": _("Play"),
        "pause": _("Pause"),
        "minutes": _("%s min"),
        "silent": _("silent"),
        "none": _("none"),
        "scent": ["", _("barely noticed"), _("gentle"), _("clear")],
    }


def tablet_words(_: Say) -> Book:
    """The tablet in a room: nothing of whom or what for."""
    return {
        "state": {
            "ready": _("Ready"), "prepping": _("Being prepared"), "waiting_client": _("Ready for the guest"), "cleaning": _("Cleaning"),
            "airing": _("Airing"), "vacant_dirty": _("To clean"), "out_of_order": _("Out of order"), "emergency": _("Emergency"),
            "in_session": "", "paused": "", "overrun": "", "ending": "",
        },
        "guest_here": _("Guest is here"),
        "cleaned": _("Cleaned"),
        "exit": {
            "fire": _("Leave the building by the marked way. Help the guest up; there is full light."),
            "medical": _("The desk knows. There is full light. Stay with the guest until help is here."),
        },
        "unreachable": _("The controller did not answer. Nothing has changed."),
        "done": _("Done."),
        "where": _("%s of %s"),
        "min_left": _("min left"),
        "min_over": _("min over"),
        "held": _("By hand: %s"),
        "given_back": _("Given back."),
        "scent_on": _("on; a touch stops it"),
        "scent_off": _("off"),
        "paused": _("Paused"),
        "announce": _("Say what comes next, then touch Next"),
        "wait": _("Touch Next when hands are on"),
        "wait_end": _("Touch Finish when it is over"),
        "coming": {
            "turn": _("turn in %s min"), "part": _("next part in %s min"), "waking": _("waking in %s min"), "end": _("end in %s min"),
        },
        "ten_left": _("10 min left"),
        "another": _("Another piece comes in."),
        "stays": _("Stays as it is for three minutes."),
        "finish": _("Finish"),
        "finish_sure": _("Touch again to finish"),
        "called": _("The desk has been called."),
        "lost": _("No connection. The room goes on; use the switches."),
        "dropped": _("That tap was not heard in time and does not count."),
    }  # fmt: skip
