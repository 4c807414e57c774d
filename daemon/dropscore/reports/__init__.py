"""The report on a route's models, as people read it: Markdown, a page by itself, and plots. No library of numbers."""

from dropscore.reports.page import html, markdown
from dropscore.reports.view import ModelView, views

__all__ = ["ModelView", "html", "markdown", "views"]
