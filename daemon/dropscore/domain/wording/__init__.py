"""The sentences of the catalogue, one module for each language and kind of problem."""

from __future__ import annotations

from typing import NamedTuple


class Words(NamedTuple):
    """What is said about one problem code in one language. All but `meaning` are templates.

    `remedy` is the *do this*. `group` says what many problems of one cause have in common, count first; it knows
    `{cells}` and `{rows}`, such as "4,812 cells" and "1 row", and whatever else the problem knows.
    """

    meaning: str
    expected: str
    remedy: str
    group: str
