"""How a column that has drifted is told to people: what it is like, and what it was like in training."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import Protocol

from dropscore.domain.sentences import count_in


class Drifting(StrEnum):
    """What a route does when a drop has drifted from what its model was trained on."""

    WARN = "warn"
    HOLD = "hold"
    OFF = "off"


Pair = tuple[float, float]


class Found(Protocol):
    """What was found of one column: pairs are the batch's and the training's."""

    @property
    def column(self) -> str: ...
    @property
    def of(self) -> str: ...
    @property
    def changes(self) -> Sequence[str]: ...
    @property
    def why(self) -> str: ...
    @property
    def level(self) -> float | None: ...
    @property
    def missing(self) -> Pair: ...
    @property
    def unseen(self) -> float | None: ...
    @property
    def outside(self) -> float | None: ...
    @property
    def median(self) -> Pair | None: ...
    @property
    def mean(self) -> Pair | None: ...
    @property
    def middle(self) -> tuple[Pair, Pair] | None: ...
    @property
    def category(self) -> str | None: ...
    @property
    def shares(self) -> Pair | None: ...


_ENGLISH = {
    "prediction": "The prediction *{column}*",
    "input": "*{column}*",
    "higher": "{subject} is higher than in training: {what} {batch} against {trained}.",
    "lower": "{subject} is lower than in training: {what} {batch} against {trained}.",
    "later": "{subject} is later than in training: {what} {batch} against {trained}.",
    "earlier": "{subject} is earlier than in training: {what} {batch} against {trained}.",
    "median": "median",
    "mean": "on average",
    "shape": "{subject} is spread otherwise than in training: its middle half lies between {low} and {high}, against "
    "{trained_low} and {trained_high}.",
    "narrow": "{subject} varies less than in training: half of it and more is {low}, where half lay between "
    "{trained_low} and {trained_high}.",
    "mix": "{subject} is mixed otherwise than in training: `{category}` is {batch} of it, against {trained}.",
    "missing": "{subject} is missing in {batch} of the rows, against {trained} in training.",
    "unseen": "{subject} holds values that training never held, in {batch} of the rows.",
    "outside": "{subject} lies outside of all that training held, in {batch} of the rows.",
    "few-rows": "Too few rows to say whether the data have drifted: here {rows:is one|are #}, and {needed} are needed.",
    "few-trained": "Whether the data have drifted cannot be said: the model was trained on fewer than {needed} rows.",
    "older-profile": "{columns:One column|# columns} could not be compared with training ({names}): the model was "
    "packed by an older release. Pack it again.",
    "failed": "Whether the data have drifted could not be worked out. The scores are not touched by this.",
    "held": "{name} is held: it has drifted from what its model was trained on.",
    "begun": "The data of {route} have drifted from what the model was trained on.",
    "begun-todo": "Look whether the data are right. If they are, the model may need to be trained again.",
    "over": "Over: the data of {route} are as in training again.",
}
_SPANISH = {
    "prediction": "La predicción *{column}*",
    "input": "*{column}*",
    "higher": "{subject} es más alta que en el entrenamiento: {what} {batch} frente a {trained}.",
    "lower": "{subject} es más baja que en el entrenamiento: {what} {batch} frente a {trained}.",
    "later": "{subject} es posterior a la del entrenamiento: {what} {batch} frente a {trained}.",
    "earlier": "{subject} es anterior a la del entrenamiento: {what} {batch} frente a {trained}.",
    "median": "mediana",
    "mean": "de media",
    "shape": "{subject} se reparte de otra forma que en el entrenamiento: su mitad central está entre {low} y {high}, "
    "frente a {trained_low} y {trained_high}.",
    "narrow": "{subject} varía menos que en el entrenamiento: la mitad o más es {low}, donde la mitad central estaba "
    "entre {trained_low} y {trained_high}.",
    "mix": "{subject} tiene otra mezcla que en el entrenamiento: `{category}` es el {batch}, frente al {trained}.",
    "missing": "{subject} falta en el {batch} de las filas, frente al {trained} en el entrenamiento.",
    "unseen": "{subject} tiene valores que el entrenamiento no conoció, en el {batch} de las filas.",
    "outside": "{subject} queda fuera de todo lo que hubo en el entrenamiento, en el {batch} de las filas.",
    "few-rows": "Son muy pocas filas para saber si los datos han cambiado: {rows:hay una|hay #}, y hacen falta "
    "{needed}.",
    "few-trained": "No se puede saber si los datos han cambiado: el modelo se entrenó con menos de {needed} filas.",
    "older-profile": "{columns:Una columna no se pudo|# columnas no se pudieron} comparar con el entrenamiento "
    "({names}): el modelo se empaquetó con una versión anterior. Empaquételo de nuevo.",
    "failed": "No se pudo calcular si los datos han cambiado. Esto no afecta a las puntuaciones.",
    "held": "{name} está retenido: ya no se parece a los datos con los que se entrenó su modelo.",
    "begun": "Los datos de {route} ya no se parecen a aquellos con los que se entrenó el modelo.",
    "begun-todo": "Mire si los datos son correctos. Si lo son, quizá haya que volver a entrenar el modelo.",
    "over": "Terminado: los datos de {route} vuelven a ser como en el entrenamiento.",
}
LANGUAGES = {"en": _ENGLISH, "es": _SPANISH}
_MOST_NAMED = 5
_SECONDS_A_DAY = 86_400


def _words(language: str) -> dict[str, str]:
    return LANGUAGES.get(language, _ENGLISH)


def told_drift(found: Found, kind: str, language: str) -> str:
    """Return what has changed in a column, in a sentence for each change. `kind`: the column's type."""
    return " ".join(_told_change(change, found, kind, language) for change in found.changes)


def told_unknown(why: str, language: str, *, rows: int = 0, needed: int = 0, columns: Sequence[str] = ()) -> str:
    """Return why nothing can be said, or nothing of some columns."""
    names = ", ".join(f"*{name}*" for name in columns[:_MOST_NAMED]) + (", …" if len(columns) > _MOST_NAMED else "")
    numbers = {"rows": rows, "needed": needed, "columns": len(columns)}
    counts = {name: count_in(language, number) for name, number in numbers.items()}
    return _words(language)[why].format(names=names, **counts)


def told_of_drift(key: str, language: str, **names: str) -> str:
    """Return what is said of a drop or a route as a whole: `held`, `begun`, `begun-todo` or `over`."""
    return _words(language)[key].format(**names)


def _told_change(change: str, found: Found, kind: str, language: str) -> str:
    words = _words(language)
    facts = {"subject": words["prediction" if found.of == "prediction" else "input"].format(column=found.column)}
    if change == "level" and found.median and found.mean:
        pair = [figure(value, kind, language) for value in found.median]
        alike = pair[0] == pair[1]
        if alike:  # of few values the middle one stays the same while the others move
            pair = [figure(value, kind, language) for value in found.mean]
        up, dates = (found.level or 0.0) > 0, kind in ("date", "datetime")
        key = ("later" if up else "earlier") if dates else ("higher" if up else "lower")
        facts |= {"what": words["mean" if alike else "median"], "batch": pair[0], "trained": pair[1]}
        return words[key].format(**facts)
    if change == "shape" and found.middle:
        (low, high), (trained_low, trained_high) = found.middle
        names = {"low": low, "high": high, "trained_low": trained_low, "trained_high": trained_high}
        facts |= {name: figure(value, kind, language) for name, value in names.items()}
        return words["narrow" if low == high and trained_low != trained_high else "shape"].format(**facts)
    pairs = {
        "mix": found.shares or (0.0, 0.0),
        "missing": found.missing,
        "unseen": (found.unseen or 0.0, 0.0),
        "outside": (found.outside or 0.0, 0.0),
    }
    batch, trained = pairs[change]
    facts |= {"batch": share(batch, language), "trained": share(trained, language), "category": found.category or "…"}
    return words[change].format(**facts)


def figure(value: float, kind: str, language: str) -> str:
    """Return a number to four digits as a language writes it; of dates (days) and moments (seconds), the day."""
    if kind in ("date", "datetime"):
        days = value if kind == "date" else value / _SECONDS_A_DAY
        try:
            return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(days=days)).date().isoformat()
        except OverflowError:
            return (date.max if days > 0 else date.min).isoformat()
    if value == int(value) and abs(value) < 1e15:
        return _in_language(f"{value:,.0f}", language)
    if 1e-4 <= abs(value) < 1e15:
        digits = max(0, 4 - len(f"{abs(value):.0f}".lstrip("0"))) if abs(value) >= 1 else 4
        shown = f"{value:,.{digits}f}"
        return _in_language(shown.rstrip("0").rstrip(".") if "." in shown else shown, language)
    return _in_language(f"{value:.4g}", language)


def share(value: float, language: str) -> str:
    """Return a share, 0 to 1, per cent."""
    percent = 100 * value
    shown = f"{percent:.0f}" if percent >= 10 or percent == 0 else f"{percent:.1f}" if percent >= 0.1 else "< 0.1"
    return _in_language(f"{shown} %", language)


def _in_language(text: str, language: str) -> str:
    return text.translate(str.maketrans(",.", ".,")) if language == "es" else text
