"""What people look at in a browser: templates, static files and words, served by the controller itself."""

from ambiance.panel.pages.calls import PageCalls
from ambiance.panel.pages.page import Pages

__all__ = ["PageCalls", "Pages"]
