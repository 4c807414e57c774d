"""How an owner is told of a file that is late, of one that is unlike the others, and that either is over."""

from __future__ import annotations

from dropscore.domain.arrivals import Missed, Usual
from dropscore.domain.sentences import count_in

_ENGLISH = {
    "weekdays": "Monday Tuesday Wednesday Thursday Friday Saturday Sunday",
    "of": " of {sender}",
    "late-week": "{weekday}'s file{of} for {route} is late: it was due by {time}.",
    "late-month": "This month's file{of} for {route} is late: it was due by {date}.",
    "late-todo": "Ask whoever sends it. Nothing is lost: what comes later is taken as usual.",
    "came": "It has come: {name}.",
    "fewer": "{name} has half as many rows as usual or fewer: {rows}, against about {usual}.",
    "more": "{name} has twice as many rows as usual or more: {rows}, against about {usual}.",
    "rows-todo": "Ask whoever sends it whether it is whole. It was taken as it is.",
    "rows-over": "As many rows as usual again: {name}.",
    "renamed": "{name} has a column *{new}*. In the file of {date} it was likely called *{old}*.",
    "renamed-todo": "Ask whoever sends it whether it means the same.",
    "renamed-over": "Its columns are called as before: {name}.",
}
_SPANISH = {
    "weekdays": "lunes martes miércoles jueves viernes sábado domingo",
    "of": " de {sender}",
    "late-week": "El archivo del {weekday}{of} para {route} se retrasa: debía llegar antes de las {time}.",
    "late-month": "El archivo de este mes{of} para {route} se retrasa: debía llegar antes del {date}.",
    "late-todo": "Pregunte a quien lo envía. No se pierde nada: lo que llegue más tarde se tomará como siempre.",
    "came": "Ha llegado: {name}.",
    "fewer": "{name} tiene la mitad de filas de lo habitual o menos: {rows}, frente a unas {usual}.",
    "more": "{name} tiene el doble de filas de lo habitual o más: {rows}, frente a unas {usual}.",
    "rows-todo": "Pregunte a quien lo envía si está entero. Se tomó tal como vino.",
    "rows-over": "De nuevo tantas filas como siempre: {name}.",
    "renamed": "{name} tiene una columna *{new}*. En el archivo del {date} probablemente se llamaba *{old}*.",
    "renamed-todo": "Pregunte a quien lo envía si significa lo mismo.",
    "renamed-over": "Sus columnas se llaman como antes: {name}.",
}
LANGUAGES = {"en": _ENGLISH, "es": _SPANISH}


def _words(language: str) -> dict[str, str]:
    return LANGUAGES.get(language, _ENGLISH)


def told_late(found: Missed, route: str, sender: str, language: str) -> tuple[str, str]:
    """Return what is late, and what to do. `sender` is empty where anybody may send it."""
    words = _words(language)
    facts = {"route": route, "of": words["of"].format(sender=sender) if sender else ""}
    if found.rhythm.weekday is None:
        facts["date"] = f"{found.by:%Y-%m-%d %H:%M}"
        return words["late-month"].format(**facts), words["late-todo"]
    facts |= {"weekday": words["weekdays"].split()[found.rhythm.weekday], "time": f"{found.by:%H:%M}"}
    return words["late-week"].format(**facts), words["late-todo"]


def told_rows(name: str, rows: int, usual: Usual, language: str) -> tuple[str, str]:
    """Return how a file's number of rows is unlike the others', and what to do."""
    words = _words(language)
    counts = {"rows": count_in(language, rows), "usual": count_in(language, usual.rows)}
    return words["fewer" if rows < usual.rows else "more"].format(name=name, **counts), words["rows-todo"]


def told_renamed(name: str, pairs: tuple[tuple[str, str], ...], date: str, language: str) -> tuple[str, str]:
    """Return which columns are likely called otherwise than in the file of that day, and what to do."""
    words = _words(language)
    sentences = [words["renamed"].format(name=name, old=old, new=new, date=date) for old, new in pairs]
    return " ".join(sentences), words["renamed-todo"]


def told_over(what: str, name: str, language: str) -> str:
    """Return that it is over: `late`, `rows` or `renamed`."""
    key = {"late": "came", "rows": "rows-over", "renamed": "renamed-over"}[what]
    return _words(language)[key].format(name=name)
