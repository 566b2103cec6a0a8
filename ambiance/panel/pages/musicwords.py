"""What the page about music says: folders of recordings with the right to play them, and names in players' own libraries."""

from ambiance.panel.pages.vocabulary import Book, Say


def music_words(_: Say) -> Book:
    """The section of the settings."""
    return {
        "music_why": _(
            "Players with a library of their own play what they call by these names; several, one a line, are as many pieces. A style "
            "without a name is played as calm."
        ),
        "music_none": _("No player here has a library of its own, so there is nothing to name."),
        "music_names": _("Names in players' own libraries"),
        "folders": _("Folders of recordings"),
        "folders_why": _(
            "What a room's own player may play to guests, and by what right. "
            "A player that runs already reads this when it is started again."
        ),
        "folders_none": _("No folder yet, so rooms with a player of their own stay silent. Add the first one."),
        "folder_add": _("Add a folder"), "folder_path": _("Folder"), "folder_style": _("Style"), "folder_licence": _("By what right"),
        "folder_path_hint": _("Below the player's music directory, such as calm/piano; a dot for all of it."),
        "folder_licence_hint": _("A private streaming account is none."),
        "licence": {
            "own": _("our own recordings"), "royalty_free": _("royalty-free"), "business_service": _("a music service for businesses"),
            "public_domain": _("public domain"),
        },
        "folder_proof": _("Proof"), "folder_proof_hint": _("Where it lies, such as an invoice number; it goes into the play log."),
        "folder_tags": _("What is in it"),
        "folder_tags_hint": _("Such as piano, water, vocals, with commas between, so that a guest can do without them."),
        "folder_low": _("Slowest"), "folder_high": _("Fastest"), "folder_tempo": _("%s to %s BPM"),
        "folder_tempo_hint": _("Beats a minute; may be left empty."),
        "music_style": {"calm": _("Calm"), "deep": _("Deep"), "bright": _("Bright"), "own": _("The guest's own")},
        "music_hint": {
            "calm": _("Most of a treatment."), "deep": _("Slow and without a beat."), "bright": _("Sport, scrub and shower."),
            "own": _("What a guest brings or asks for."),
        },
        "library_of": {"sonos2mqtt": "Sonos", "snapcast-jsonrpc": "Snapcast", "mopidy-mqtt": "Mopidy"},
    }  # fmt: skip
