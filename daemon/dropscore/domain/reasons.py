"""What moved a prediction, in words that a person reads: `income low −0.21`."""

from __future__ import annotations

import math

EXPLAIN = "explain:"
"""With a model's name: what a route waits for whose model cannot be explained."""
MOST = 10
"""Reasons beside a prediction, at most: more is a list, not a reason."""

_ENGLISH = {
    "title": "Reason {number}",
    "low": "low",
    "high": "high",
    "usual": "usual",
    "early": "early",
    "late": "late",
    "missing": "missing",
    "true": "yes",
    "false": "no",
    "value": "The column that moved {what} most, as number {number}, and by how much of its own unit, against the mean "
    "of the training data.",
    "logarithm": "The column that moved {what} most, as number {number}, and by how much of its natural logarithm, "
    "against the mean of the training data.",
    "log-odds": "The column that moved {what} most, as number {number}, and by how much in log-odds (0.7 doubles the "
    "odds), against the mean of the training data.",
    "probability": "The column that moved {what} most, as number {number}, and by how much of the probability (0.1 is "
    "ten points), against the training data.",
    "score": "The column that moved {what} most, as number {number}, and by how much of the model's score, against the "
    "training data.",
    "of-class": "the answer towards {name}",
    "of-answer": "the answer",
}
_SPANISH = {
    "title": "Motivo {number}",
    "low": "bajo",
    "high": "alto",
    "usual": "normal",
    "early": "temprano",
    "late": "tardío",
    "missing": "vacío",
    "true": "sí",
    "false": "no",
    "value": "La columna que más movió {what}, en el puesto {number}, y cuánto en su propia unidad, frente a la media "
    "de los datos de entrenamiento.",
    "logarithm": "La columna que más movió {what}, en el puesto {number}, y cuánto de su logaritmo natural, frente a "
    "la media de los datos de entrenamiento.",
    "log-odds": "La columna que más movió {what}, en el puesto {number}, y cuánto en log-odds (0,7 duplica las "
    "posibilidades), frente a la media de los datos de entrenamiento.",
    "probability": "La columna que más movió {what}, en el puesto {number}, y cuánto de la probabilidad (0,1 son "
    "diez puntos), frente a los datos de entrenamiento.",
    "score": "La columna que más movió {what}, en el puesto {number}, y cuánto de la puntuación del modelo, frente a "
    "los datos de entrenamiento.",
    "of-class": "la respuesta hacia {name}",
    "of-answer": "la respuesta",
}
LANGUAGES = {"en": _ENGLISH, "es": _SPANISH}


def title(number: int, language: str) -> str:
    return LANGUAGES[language]["title"].format(number=number)


def described(unit: str, of: str, number: int, language: str) -> str:
    """Return what the column of reasons holds; `of` is the class that is explained, if it is one of two."""
    words = LANGUAGES[language]
    what = words["of-class"].format(name=of) if of else words["of-answer"]
    return words[unit].format(what=what, number=number)


def level_words(language: str, moments: bool) -> tuple[str, str, str, str]:
    """Return the words for below, within and above the middle half of training, and for a missing value."""
    words = LANGUAGES[language]
    low, high = ("early", "late") if moments else ("low", "high")
    return words[low], words["usual"], words[high], words["missing"]


def signed(share: float, language: str) -> str:
    """Return a share with its sign and two digits that count: `−0.21`, `+1,300`; nothing for none."""
    if not share or not math.isfinite(share):
        return ""
    decimals = max(0, 1 - math.floor(math.log10(abs(share))))
    text = f"{abs(share):,.{decimals}f}"
    if language == "es":
        text = text.translate({ord(","): ".", ord("."): ","})
    return f"{'−' if share < 0 else '+'}{text}"
