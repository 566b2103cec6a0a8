"""One page of HTML: the template, the reader's words and theme, who is looking, and what its forms must carry."""

from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import Response

from ambiance.panel.identity import Caller
from ambiance.panel.identity.cookies import put, read
from ambiance.panel.identity.secrets import csrf, fresh
from ambiance.panel.packing import packing
from ambiance.panel.pages.shelf import Shelf
from ambiance.panel.pages.words import language_of, words
from ambiance.site import Site

if TYPE_CHECKING:
    from jinja2 import Environment

FOLDER = Path(__file__).parent / "templates"
THEMES = ("linen", "evening")
THEME_COOKIE = "ambiance-theme"


class Pages:
    """Renders the templates. Everything a template is given is escaped, whatever it holds."""

    def __init__(self, site: Callable[[], Site], shelf: Shelf | None = None, folder: Path = FOLDER) -> None:
        self._site, self._folder = site, folder
        self.shelf = shelf or Shelf()
        self._environment = lru_cache(8)(self._made)

    def show(self, request: Request, template: str, caller: Caller | None = None, status: int = 200, **given: object) -> Response:
        """The page as an answer.

        Beside what is `given` a template knows `site`, `language`, `theme`, `caller`, `static(name)`, `csrf` (for the hidden
        field of forms and the header X-CSRF-Token) and gettext's `_`. Without a caller the form's token is bound to a cookie
        of its own.
        """
        theme = request.cookies.get(THEME_COOKIE, "")
        language = language_of(request)
        html = (
            self._environment(language)
            .get_template(template)
            .render(
                site=self._site().name,
                language=language,
                theme=theme if theme in THEMES else "",
                caller=caller,
                csrf=caller.csrf if caller is not None else form_token(request),
                **given,
            )
        )
        body = html.encode("utf-8")
        # A form's POST carries its Origin only under a policy that lets our own pages know of each other.
        response = Response(body, status, {"Referrer-Policy": "same-origin"}, "text/html; charset=utf-8")
        # Packing beside a secret gives it away only to who can make a browser ask with its cookies; SameSite=Strict forbids that.
        response = packing(request, response)
        response.headers["Vary"] = "Accept-Encoding, Accept-Language, Cookie"
        return response

    def _made(self, language: str) -> "Environment":
        from jinja2 import Environment, FileSystemLoader, StrictUndefined

        loader, words_in = FileSystemLoader(self._folder), ["jinja2.ext.i18n"]
        made = Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, extensions=words_in)
        made.install_gettext_translations(words(language), newstyle=True)  # type: ignore[attr-defined]
        made.globals["static"] = self.shelf.url
        return made


def form_token(request: Request) -> str:
    """What a form of somebody who is not signed in must carry; bound to a cookie that is set where there is none."""
    held = read(request, "form")
    if held is None:
        held = fresh()
        put(request, "form", held)
    return csrf(held)
