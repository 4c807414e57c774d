"""The challenger beside the versions in use, as tables of words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from dropscore.domain.measured import MEANINGS, NAMES, written
from dropscore.figures import Beside, Moved, Rivalry
from dropscore.reports.words import words_of

Row = tuple[str, ...]
_MOST_MOVES = 10


def title_of(rivalry: Rivalry, language: str) -> str:
    return words_of(language)["challenger"].format(version=rivalry.challenger)


def sentence_of(rivalry: Rivalry, language: str) -> str:
    """Return what it was shown, what that cost, and what went wrong."""
    words = words_of(language)
    told = [
        words["shown"].format(
            jobs=f"{rivalry.jobs:,}", rows=f"{rivalry.rows:,}", champions=", ".join(rivalry.champions)
        )
    ]
    if rivalry.own_seconds:
        cost = 100 * rivalry.seconds / rivalry.own_seconds
        told.append(words["cost"].format(seconds=f"{rivalry.seconds:,.1f}", percent=f"{cost:,.0f}"))
    for name, count in (("only-champion", rivalry.only_champion), ("only-challenger", rivalry.only_challenger)):
        if count:
            told.append(words[name].format(rows=f"{count:,}"))
    if rivalry.drifted:
        told.append(words["rival-drifted"].format(jobs=f"{rivalry.drifted:,}"))
    if rivalry.failed:
        told.append(words["rival-failed"].format(jobs=f"{rivalry.failed:,}", why=rivalry.why))
    return " ".join(told)


def agreement(rivalry: Rivalry, language: str) -> tuple[Row, tuple[Row, ...]]:
    """Return a table: for each output how many answers are others, and which."""
    words = words_of(language)
    header = tuple(words[name] for name in ("output", "rows-changed", "share-changed", "from-to"))
    rows = tuple(
        (
            moved.output,
            f"{moved.changed:,}",
            f"{100 * moved.changed / rivalry.rows:.1f} %" if rivalry.rows else "",
            "; ".join(_moves(moved, words)),
        )
        for moved in rivalry.outputs
    )
    return header, rows


def _moves(moved: Moved, words: Mapping[str, str]) -> Iterator[str]:
    for move, count in list(moved.moves.items())[:_MOST_MOVES]:
        yield f"{move} ({count:,})"
    if moved.mean is not None and moved.most is not None and moved.changed:
        yield words["steps"].format(mean=f"{moved.mean:+.4g}", most=f"{moved.most:+.4g}")


def compared(rivalry: Rivalry, language: str) -> tuple[Row, tuple[Row, ...]]:
    """Return a table: each figure of both on the same pairs, with the interval of the difference."""
    words, names = words_of(language), NAMES.get(language, NAMES["en"])
    meanings = MEANINGS.get(language, MEANINGS["en"])
    used = ", ".join(rivalry.champions)
    header = (words["figure"], used, rivalry.challenger, words["difference"], words["interval"], words["meaning"])
    rows = tuple(
        (
            names[one.champion.name],
            written(one.champion.name, one.champion.value),
            written(one.champion.name, one.challenger.value),
            _signed(one, one.difference),
            "" if one.low is None or one.high is None else f"{_signed(one, one.low)} – {_signed(one, one.high)}",
            meanings[one.champion.name],
        )
        for one in rivalry.figures
    )
    return header, rows


def _signed(one: Beside, value: float) -> str:
    told = written(one.champion.name, abs(value))
    return f"−{told}" if value < 0 else f"+{told}"
