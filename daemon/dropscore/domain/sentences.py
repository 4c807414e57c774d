"""How an outcome is told to people, in one sentence and what to do now. No cell values in them."""

from __future__ import annotations

_SENTENCES: dict[str, dict[str, tuple[str, str]]] = {
    "en": {
        "delivered": ("{rows:The one row was|All # rows were} scored.", "Take the workbook from the outbox."),
        "delivered-warned": (
            "{rows:The one row was|All # rows were} scored, with {warnings:one thing|# things} to look at.",
            "Take the workbook from the outbox and read its warnings.",
        ),
        "partial": (
            "{scored} of {rows} rows {scored:was|were} scored; {bad:one needs|# need} fixing.",
            "Take the workbook. Mend the marked cells in the fix workbook beside it and drop that back.",
        ),
        "rejected-rows": (
            "Nothing was scored: {bad} of {rows:1 row|# rows} {bad:needs|need} fixing.",
            "Mend the marked cells in the fix workbook and drop it back into the same folder.",
        ),
        "rejected-file": (
            "Nothing was scored: the file could not be read as a table.",
            "Mend what is listed and drop the file again.",
        ),
        "checked-fine": (
            "{rows:The one row is|All # rows are} fine. Nothing was scored: this was a check.",
            "Drop it for scoring.",
        ),
        "checked-bad": (
            "{bad} of {rows:1 row|# rows} {bad:needs|need} fixing. Nothing was scored: this was a check.",
            "Mend what is listed, then check again.",
        ),
        "checked-file": (
            "The file could not be read as a table. Nothing was scored: this was a check.",
            "Mend what is listed, then check again.",
        ),
        "actuals": (
            "{matched} of {rows:1 outcome belongs|# outcomes belong} to a prediction.",
            "Nothing. The report on the model is made anew.",
        ),
        "actuals-partial": (
            "{taken} of {rows:1 outcome was|# outcomes were} taken, {matched} of them for a prediction; "
            "{bad:one needs|# need} mending.",
            "Mend the rows that are listed and drop them again. What was taken may be in the file once more.",
        ),
        "actuals-file": (
            "Nothing was taken: the file could not be read as a table of outcomes.",
            "Mend what is listed and drop the file again.",
        ),
    },
    "es": {
        "delivered": (
            "Se {rows:puntuó la única fila|puntuaron las # filas}.",
            "Recoja el libro en la carpeta de salida.",
        ),
        "delivered-warned": (
            "Se {rows:puntuó la única fila|puntuaron las # filas}, con {warnings:un aviso|# avisos}.",
            "Recoja el libro en la carpeta de salida y lea los avisos.",
        ),
        "partial": (
            "Se {scored:puntuó 1|puntuaron #} de {rows} filas; {bad:una necesita|# necesitan} corrección.",
            "Recoja el libro. Corrija las celdas marcadas en el libro de corrección y deposítelo de nuevo.",
        ),
        "rejected-rows": (
            "No se puntuó nada: {bad} de {rows:1 fila|# filas} {bad:necesita|necesitan} corrección.",
            "Corrija las celdas marcadas en el libro de corrección y deposítelo en la misma carpeta.",
        ),
        "rejected-file": (
            "No se puntuó nada: el archivo no se pudo leer como tabla.",
            "Corrija lo indicado y deposite el archivo de nuevo.",
        ),
        "checked-fine": (
            "{rows:La única fila está|Las # filas están} bien. No se puntuó nada: era una comprobación.",
            "Deposítelo para puntuarlo.",
        ),
        "checked-bad": (
            "{bad} de {rows:1 fila|# filas} {bad:necesita|necesitan} corrección. "
            "No se puntuó nada: era una comprobación.",
            "Corrija lo indicado y compruébelo de nuevo.",
        ),
        "checked-file": (
            "El archivo no se pudo leer como tabla. No se puntuó nada: era una comprobación.",
            "Corrija lo indicado y compruébelo de nuevo.",
        ),
        "actuals": (
            "{matched} de {rows:1 resultado corresponde|# resultados corresponden} a una predicción.",
            "Nada. El informe sobre el modelo se rehace.",
        ),
        "actuals-partial": (
            "Se {taken:tomó 1|tomaron #} de {rows:1 resultado|# resultados}, {matched} de ellos de una predicción; "
            "{bad:uno necesita|# necesitan} corrección.",
            "Corrija las filas indicadas y deposítelas de nuevo. Lo ya tomado puede estar otra vez en el archivo.",
        ),
        "actuals-file": (
            "No se tomó nada: el archivo no se pudo leer como tabla de resultados.",
            "Corrija lo indicado y deposite el archivo de nuevo.",
        ),
    },
}


class Count(int):
    """A number in a sentence: grouped as the language groups it; the format `one|many` says which form of words.

    `#` in the form stands for the number: `{rows:1 row|# rows}`.
    """

    separator = ","

    def __format__(self, forms: str) -> str:
        written = f"{int(self):,d}".replace(",", self.separator)
        if not forms:
            return written
        one, many = forms.split("|")
        return (one if self == 1 else many).replace("#", written)


class _SpanishCount(Count):
    separator = "."


def count_in(language: str, number: int) -> Count:
    """Return a number as sentences of the language write it."""
    return _SpanishCount(number) if language == "es" else Count(number)


def told(key: str, language: str, **counts: int) -> tuple[str, str]:
    """Return the sentence and what to do."""
    sentence, todo = _SENTENCES.get(language, _SENTENCES["en"])[key]
    return sentence.format(**{name: count_in(language, count) for name, count in counts.items()}), todo
