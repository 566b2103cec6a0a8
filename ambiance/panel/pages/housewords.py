"""What the pages by which a house is fitted and run say, in the reader's language: books of words, handed over as JSON."""

from collections.abc import Sequence

from ambiance.panel.pages.musicwords import music_words
from ambiance.panel.pages.phrases import said
from ambiance.panel.pages.vocabulary import Book, Say
from ambiance.panel.rights import Deed


def sections(_: Say) -> Sequence[tuple[str, str, Deed]]:
    """The parts of the settings: path, title, and what somebody must be allowed to see it."""
    return (
        ("", _("House"), "settings"),
        ("rooms", _("Rooms"), "settings"),
        ("menu", _("Menu"), "settings"),
        ("music", _("Music"), "settings"),
        ("library", _("Treatments"), "library"),
        ("staff", _("Staff"), "staff"),
        ("screens", _("Screens and tablets"), "screens"),
        ("tokens", _("Access for programs"), "tokens"),
        ("drills", _("Emergency drills"), "reset"),
        ("audit", _("Who did what"), "audit"),
    )


def house_words(_: Say) -> Book:
    """All sections of the settings, and what asking people takes anywhere."""
    return _asking(_) | _house(_) | _rooms(_) | music_words(_) | _menu(_) | _access(_) | _drills(_)


def _asking(_: Say) -> Book:
    return {
        "unreachable": _("The controller did not answer. Nothing has changed."),
        "pin_title": _("Your PIN once more"), "pin_why": _("This changes the house, so it is asked again after a while."),
        "pin_wrong": _("That is not your PIN. Type it again."), "pin": _("PIN"), "go_on": _("Go on"), "never_mind": _("Never mind"),
        "keep": _("Keep"), "kept": _("Kept."), "kept_now": _("Kept, and in force."), "undo": _("Undo"), "removed": _("Removed."),
        "remove": _("Remove"), "change": _("Change"), "add": _("Add"), "added": _("Added."), "nothing_changed": _("Nothing was changed."),
        "never": _("never"), "none": _("nothing more"), "range": _("%s to %s %s"), "needed": _("This is needed."),
        "no_number": _("This is no number."),
        "next": _("Next"), "back": _("Back"), "skip": _("Skip"), "minutes": _("%s min"), "name": _("Name"),
        "restart_for": _("The file says something else now than the controller does: %s."),
        "restart_needed": _("It takes effect when the controller starts again. That takes a few seconds; treatments go on."),
        "waits": {
            "broker": _("the broker"), "store": _("its memory"), "http": _("its address"), "profiles": _("the folder of treatments"),
            "homeassistant": _("Home Assistant"), "rooms": _("rooms that were changed in the file, or that somebody is in"),
            "site": _("the house"), "site.id": _("the id of the house"), "site.timezone": _("the time zone"),
            "site.prefix": _("the topics"),
        },
        "restart": _("Start it again now"), "restarting": _("The controller starts again. This takes a few seconds…"),
        "after_restart": _("The controller plays this room as it was. Start it again, then its devices can be tried here."),
    } | said(_)  # fmt: skip


def _house(_: Say) -> Book:
    return {
        "group": {
            "site": _("The house"), "limits": _("Limits"), "retention": _("How long guests are remembered"),
            "evening": _("Evenings"),
        },
        "why": {
            "site": _("Its name, and what a room is unless it says otherwise."),
            "limits": _("What no treatment, guest or hand goes beyond."),
            "evening": _("Gentler light for guests who go to bed afterwards. Examinations and cleaning are exempt."),
            "retention": _("What is known of guests is erased after this time."),
        },
        "field": {
            "site.name": _("Name of the house"), "site.setting": _("Rooms are usually"), "site.scent_policy": _("Scent"),
            "site.duress": _("When staff call for help"), "limits.light_max_lux": _("Brightest light while a guest is here"),
            "limits.light_max_l_step": _("Fastest change of light"), "limits.scent_minutes_per_session": _("Scent a session, at most"),
            "limits.scent_minutes_per_therapist": _("Scent a day and therapist, at most"),
            "limits.sound_max_dba": _("Loudest music"), "limits.scent_minutes_per_day": _("Scent a day and room, at most"),
            "limits.light_max_mired_s": _("Fastest change of warmth"), "limits.dim_below_lux": _("Light counts as dim below"),
            "limits.dim_max_kelvin": _("Dim light is never cooler than"), "limits.sound_max_db_s": _("Fastest change of music"),
            "limits.supine_max_percent": _("Lamps that a lying guest looks into, at most"),
            "limits.scent_run_minutes": _("Longest run of a diffuser without a pause"),
            "limits.scent_stop_minutes": _("Scent stops before the guest leaves by"),
            "limits.scent_max_ug_m3": _("Scent in the air at which diffusers stop"),
            "evening.enabled": _("Rooms have evenings"), "evening.from": _("Evening begins at"), "evening.until": _("Evening ends at"),
            "evening.melanopic_max_lux": _("Light that wakes, at the eye, at most"),
            "evening.return_max_kelvin": _("The return to waking is never cooler than"),
            "retention.sessions_days": _("Sessions and their reports"),
            "retention.courses_days": _("Courses of visits, after the last one"),
            "retention.care_hours": _("What a guest needs, after the session"),
        },
        "hint": {
            "limits.light_max_l_step": _("Steps of lightness in any five seconds."), "limits.sound_max_dba": _("At the guest's head."),
            "site.duress": _("In the room itself; the desk always knows."),
            "evening.until": _("May be after midnight."), "evening.melanopic_max_lux": _("Melanopic lux; ten keep nobody awake."),
            "limits.dim_below_lux": _("While somebody is treated."), "limits.scent_max_ug_m3": _("By the estimate of the room's air."),
        },
        "unit": {"minutes": _("minutes"), "days": _("days"), "hours": _("hours"), "L*": "L*", "dBA": "dBA", "lx": "lx"},
        "either": {"null": _("spa rooms do, clinics do not"), "true": _("all of them"), "false": _("none of them")},
        "option": {
            "spa": _("Spa"), "clinical": _("Clinic"), "allowed": _("allowed, for guests who ask for it"),
            "free": _("none in the whole house"),
            "silent": _("nothing is seen or heard"), "bright": _("full light and silence"),
        },
        "for_admins": _("Only an administrator changes these."),
    }  # fmt: skip


def _rooms(_: Say) -> Book:
    return {
        "no_rooms": _("There is no room yet. The assistant finds your devices and makes the first one in about twenty minutes."),
        "add_room": _("Add a room"), "room_name": _("Name of the room"), "room_area": _("Where it is"), "usual_n": _("Usual treatment %s"),
        "set_up_again": _("Devices, light and sound"), "copy_room": _("Another like this"), "remove_room": _("Remove the room"),
        "sure_room": _("Remove %s? Its devices stay as they are, and are no longer driven."),
        "devices_of": _("Devices (%s)"), "limits_of": _("Limits of its own (%s)"), "of_house": _("The house: %s."),
        "limits_why": _("A room may be stricter than the house, and never less strict. What is left empty is the house's."),
        "full_light": _("Full light %s lx."), "light_unset": _("Light not set by eye yet."),
        "full_volume": _("Full volume %s dBA."), "sound_unset": _("Sound not set by ear yet, so it is held at half volume."),
        "kind": {
            "light": _("lamp"), "player": _("music player"), "diffuser": _("diffuser"), "climate": _("thermostat"), "fan": _("fan"),
            "warmer": _("table or stone warmer"), "button": _("button"),
        },
        "trial": {
            "light": _("Let it brighten"), "player": _("Play a tone"), "diffuser": _("Puff for 5 s"), "warmer": _("Warm for 5 s"),
            "fan": _("Let it turn"), "climate": _("Ask it"), "button": _("Wait for a key"),
        },
        "trying": _("Trying…"), "not_now": _("Not now:"),
        "verdict": {
            "good": _("It did as it was told."), "look": _("It was told. Did you see or hear it?"),
            "poor": _("It answered, but not quite as asked."), "bad": _("It did not answer. Has it power?"),
        },
    }  # fmt: skip


def _menu(_: Say) -> Book:
    return {
        "menu_empty": _(
            "Nothing on the menu yet. Add what you sell, under your own names; the treatments themselves can be started without it."
        ),
        "menu_add": _("Add to the menu"), "menu_name": _("Name"), "menu_name_hint": _("As guests read it."), "menu_profile": _("Treatment"),
        "menu_minutes": _("Length"), "before": _("Before"), "after": _("After"), "as_treatment": _("as the treatment has it"),
        "no_ribbon": _("No picture: this treatment does not have this length."),
        "trim": {"light": _("Light"), "music": _("Music"), "warmer": _("Warmth of the light"), "scent": _("Scent, at most")},
        "trim_hint": {
            "light": _("Brighter, or dimmer where negative."), "music": _("Louder, or quieter where negative."),
            "warmer": _("Warmer, or cooler where negative."),
        },
        "more": {"light": _("%s L* brighter"), "music": _("%s dB louder"), "warmer": _("%s mired warmer")},
        "less": {"light": _("%s L* dimmer"), "music": _("%s dB quieter"), "warmer": _("%s mired cooler")},
        "scents": [_("none"), _("barely noticed"), _("gentle"), _("clear")], "scent_most": _("scent at most %s"),
        "setting": {"spa": _("Spa"), "clinical": _("Clinic")},
        "our": _("Our %s"), "make_this_our": _("Make this your %s?"), "make_ours": _("Make it ours"),
        "no_thanks": _("No, and do not ask again"),
        "not_again": _("You will not be asked again."), "habit": _("In %s of %s sessions staff made it"),
        "library_empty": _("The library is empty. Look at the folder that profiles names in config.yaml."),
        "find_treatment": _("Find a treatment"), "nothing_found": _("No treatment of that name."),
    }  # fmt: skip


def _access(_: Say) -> Book:
    return {
        "role": {
            "desk": _("front desk"), "therapist": _("therapist"), "manager": _("manager"), "admin": _("administrator"),
            "integration": _("start and change sessions"), "room": _("one room only"),
        },
        "role_label": _("Role"), "staff_add": _("Somebody new"), "first_pin": _("First PIN"),
        "pin_hint": _("Six or more digits, letters or signs, neither a row nor a repetition."),
        "new_pin": _("New PIN"), "new_pin_of": _("New PIN for %s"),
        "sure_person": _("Remove %s? They are signed out everywhere at once."),
        "desk": _("front desk"), "tablet_of": _("tablet of %s"), "paired": _("since %s, paired by %s"), "revoke": _("Revoke"),
        "revoked": _("Revoked. It opens nothing any more."), "sure_screen": _("Revoke this screen? It goes dark at once."),
        "no_screens": _("No screen is paired yet. A paired desk stays signed in; a tablet belongs to one room."),
        "pair": _("Pair a screen"), "pair_how": _("A code is shown here; the new screen is given it, and needs no name and no PIN."),
        "pair_go": _("Show a code"), "pair_what": _("It becomes"), "pair_name": _("What it is called"),
        "pair_name_hint": _("So that you know which one to revoke."), "pair_code": _("Open %s/pair on the new screen and type, or scan:"),
        "qr": _("QR code for pairing"), "until": _("Works once, until %s."), "paired_now": _("A screen was paired."),
        "no_tokens": _("No program has access. Make a token for each one that needs it."),
        "sure_token": _("Revoke this token? The program that has it is locked out at once."),
        "token_add": _("A new token"), "token_go": _("Make a token"), "token_name": _("For which program"),
        "token_name_hint": _("So that you know which one to revoke."), "may": _("It may act as"), "only_room": _("Where it acts"),
        "every_room": _("every room"), "token_once": _("This is the token. It is shown only now; keep it where the program reads it."),
        "copy": _("Copy"), "copied": _("Copied."), "noted": _("I have it"),
        "log_caption": _("Who did what, newest first"),
        "no_log": _("Nothing has been written down yet."), "older": _("Older"),
        "doer": {"one-time link": _("one-time link"), "address": _("address"), "token": _("token")},
        "act": {
            "signed-in": _("signed in"), "signing-in-failed": _("wrong PIN at sign-in"), "pin-failed": _("wrong PIN"),
            "signin-revoked": _("signed a browser out"), "settings-changed": _("changed settings"), "menu-changed": _("changed the menu"),
            "restarted": _("started the controller again"), "suggestion-answered": _("answered a suggestion"),
            "token-created": _("made a token"), "token-revoked": _("revoked a token"), "pairing-offered": _("showed a pairing code"),
            "asked-outside-its-room": _("asked outside its room"), "staff-added": _("added somebody"),
            "staff-removed": _("removed somebody"), "staff-role": _("changed a role"), "staff-pin": _("changed a PIN"),
            "screen-paired": _("paired a screen"), "screen-revoked": _("revoked a screen"),
        },
    }  # fmt: skip


def _drills(_: Say) -> Book:
    return {
        "drill_why": _(
            "Prove each path once a month. A drill moves nothing in the rooms: "
            "raise the alarm as it would be raised, see that it arrives, confirm."
        ),
        "emergency": {"fire": _("Fire alarm"), "medical": _("Medical emergency"), "duress": _("Call for help")},
        "drill_do": {
            "fire": _("Let the fire panel's contact close."), "medical": _("Press the button or touch the tablet of a room."),
            "duress": _("Press the button for help of a room."),
        },
        "drill_begin": _("Begin a drill"), "drill_confirm": _("It arrived: confirm"), "drill_begun": _("The drill runs. Nothing moves."),
        "drill_confirmed": _("Confirmed."), "drill_last": _("last proved: %s"), "drill_runs": _("▶ runs until %s"),
        "drill_due": _("▲ due: over 35 days ago, or never"),
    }  # fmt: skip


def setup_words(_: Say) -> Book:
    """The assistant that makes a room."""
    return {
        "step": {
            "room": _("Room"), "devices": _("Devices"), "which": _("Which is which"), "light": _("Light"), "sound": _("Sound"),
            "done": _("Treatments"),
        },
        "setting_long": {"spa": _("a spa"), "clinical": _("a clinic")},
        "s": {
            "room": _("What is this room called?"),
            "room_why": _("One room at a time. In about twenty minutes it plays its first treatment."),
            "name_hint": _("As it stands on its door."), "area_hint": _("Ground floor, garden house; may stay empty."),
            "setting": _("The room is in"),
            "setting_hint": _(
                "A spa is quiet and dim, with scent for who wants it; a clinic is bright to examine, without scent unless asked."
            ),
            "like": _("Like another room"),
            "like_hint": _("Light, sound and treatments are taken over; you can still set them."), "like_none": _("no, from the start"),
            "devices": _("What is in it?"), "joining": _("The devices are joining…"),
            "looking": _("Listening for devices on the network. This takes four seconds…"),
            "look_again": _("Look again"), "nothing": _("Nothing was heard that is not in a room already."),
            "nothing_why": {
                "power": _("Has each device power, and is it on the same network?"),
                "broker": _("Does it know the address, the name and the password of the broker?"),
                "wait": _("Some say nothing until they are touched: switch one on and off, then look again."),
            },
            "devices_why": _("These speak and belong to no room yet. Let each show itself, and take those that are in %s."),
            "known": _("Already here: %s."), "elsewhere": _("%s more are in other rooms, or say that they belong to one."),
            "nothing_here": _("Nothing was heard that is free or says that it is in %s."),
            "claimed": _("Devices that say they are in %s: %s."), "it_is": _("That is %s"),
            "choose_one": _("Take at least one device."),
            "was_it": _("Was it in %s?"), "take": _("These are in the room"), "there": _("there"),
            "away": _("says that it is away"),
            "what_is": _("What is %s?"), "which": _("Which one just brightened?"),
            "which_why": _("Let those show themselves again that you are not sure of, then say what each is."),
            "hand": _("One lamp here has a switch of its own"),
            "hand_why": _("So that there is light even when the network and the controller are gone."),
            "over": _("A guest on the table looks into it"), "more_devices": _("More devices"),
            "done": _("What is done here?"), "done_why": _("The room's usual treatments are offered first, at the desk and on its tablet."),
            "borders": _("Who says when to go on"), "borders_why": _(
                "From settling in to the first touch, at each turn, and at the end. The therapist needs a tablet or a button."
            ),
            "volume": _("Size of the room"), "volume_why": _("Length times width times height. It says how long scent stays in the air."),
            "finish": _("Finish"), "ready": _("%s is ready"),
            "ready_why": _("Start its first treatment at the desk. Everything can be changed later under Settings."),
            "to_desk": _("To the front desk"), "another": _("Another like this"), "pair_tablet": _("Pair its tablet"),
        },
        "place": {
            "ambient": _("main light"), "accent": _("accent: niches, candles, colour"), "exam": _("lamp to examine by"),
            "in": _("in this room"), "out": _("not in this room"),
        },
        "showing": {
            "light": _("It brightens and comes back…"), "player": _("It plays softly…"), "diffuser": _("It puffs for 5 s…"),
            "warmer": _("It warms for 5 s…"), "fan": _("It turns…"), "climate": _("It is asked…"), "button": _("Press a key now…"),
        },
        "then_choose": {"light": _("What was it?"), "player": _("Was it here?"), "diffuser": _("Was it here?")},
        "border": {
            "auto": _("the therapist, else the clock"), "hands": _("the therapist"),
            "clock": _("the clock"),
        },
        "by": {"light": _("Light, by eye"), "sound": _("Sound, by ear")},
        "by_why": {
            "light": _("No meter needed. Stand beside the table with the door closed and the daylight out."),
            "sound": _("No meter needed. Put your head where the guest's will be."),
        },
        "by_ask": {
            "light": {
                "talking": _("As for talking"), "massage": _("As for massage"), "least": _("As dim as it may ever be"),
            },
            "sound": {"talking": _("As for talking over"), "massage": _("As for massage"), "least": _("Barely there")},
        },
        "less_of": {"light": _("Dimmer"), "sound": _("Quieter")}, "more_of": {"light": _("Brighter"), "sound": _("Louder")},
        "going": {"light": _("The lamps go there…"), "sound": _("The music goes there…")},
        "there": {"light": _("Is it right? If not, − or +."), "sound": _("Is it right? If not, − or +.")},
        "apart": {
            "light": _("The bright and the dim answer hardly fit together. Look once more, or go on if you are sure."),
            "sound": _("The loud and the soft answer hardly fit together. Listen once more, or go on if you are sure."),
        },
        "so_it_is": _("So it is"),
    }  # fmt: skip
