"""Words in the reader's language: gettext catalogues, read from their .po files at first use and kept."""

import io
import re
from collections.abc import Callable
from datetime import datetime, tzinfo
from functools import cache
from gettext import NullTranslations
from pathlib import Path

from starlette.requests import HTTPConnection

FOLDER = Path(__file__).parent / "locale"
LANGUAGES = {"en": "English", "de": "Deutsch"}
"""Each with its own name for itself. English is what the sources are written in and needs no catalogue."""
COOKIE = "ambiance-language"
_TAG = re.compile(r"[a-zA-Z]{2}-[a-zA-Z]{2}", re.ASCII)
_OFFER = re.compile(r"\s*([a-zA-Z]{2,3})(?:-[a-zA-Z0-9-]*)?\s*(?:;\s*q\s*=\s*([01](?:\.\d{0,3})?))?\s*", re.ASCII)


@cache
def words(language: str) -> NullTranslations:
    """The catalogue of one of `LANGUAGES`; no files have to be compiled beforehand."""
    path = FOLDER / language / "LC_MESSAGES" / "ambiance.po"
    if not path.exists():
        return NullTranslations()
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po
    from babel.support import Translations

    compiled = io.BytesIO()
    with path.open("rb") as file:
        write_mo(compiled, read_po(file, language))
    compiled.seek(0)
    return Translations(compiled)


def language_of(request: HTTPConnection) -> str:
    """The reader's: as chosen on a page, else what the browser would like best of what we have, else English."""
    if (chosen := chosen_language(request)) is not None:
        return chosen
    offers: list[tuple[float, int, str]] = []
    for place, part in enumerate(request.headers.get("accept-language", "")[:400].split(",")):
        if (said := _OFFER.fullmatch(part)) is not None and (language := said[1].lower()) in LANGUAGES:
            offers.append((-float(said[2] or 1), place, language))
    return next((language for weight, _, language in sorted(offers) if weight < 0), "en")


def calendar(request: HTTPConnection, zone: tzinfo) -> tuple[Callable[[datetime], str], Callable[[datetime], str]]:
    """How the reader writes a day and a time of day of the house, as two functions of an instant."""
    from babel.dates import format_date, format_time

    locale = _locale_of(request)
    return (
        lambda at: format_date(at.astimezone(zone), "full", locale=locale),
        lambda at: format_time(at.astimezone(zone), "short", locale=locale),
    )


def _locale_of(request: HTTPConnection) -> str:
    """As the browser says for the language the page is in, else as that language is mostly written here."""
    from babel import localedata

    language = language_of(request)
    for part in request.headers.get("accept-language", "")[:400].split(","):
        tag = part.partition(";")[0].strip()
        if _TAG.fullmatch(tag) is not None and tag[:2].lower() == language:
            return wanted if localedata.exists(wanted := f"{language}_{tag[3:].upper()}") else language
    return {"en": "en_GB"}.get(language, language)


def chosen_language(request: HTTPConnection) -> str | None:
    """What was chosen on a page of ours, if anything."""
    chosen = request.cookies.get(COOKIE, "")
    return chosen if chosen in LANGUAGES else None
