"""The words of the report, in English and Spanish."""

from __future__ import annotations

from collections.abc import Mapping

WORDS: dict[str, dict[str, str]] = {
    "en": {
        "title": "How good the predictions of {route} turned out",
        "made": "Made {made}.",
        "counted": "{matched} of {predictions} kept predictions have an outcome; {actuals} outcomes are kept.",
        "nothing": "There is no outcome for any prediction yet. Drop what happened into inbox/…/actuals/.",
        "pairs": "{pairs} pairs, predicted from {first} to {last}.",
        "other": "There are no figures for a model that is neither a classifier nor a regression.",
        "no-pairs": "No outcome belongs to a prediction of this version yet.",
        "outside": "Outside the interval of training",
        "all": "All pairs",
        "recent": "The last {days} days",
        "months": "By month of the prediction",
        "by": "By {column}",
        "calibration": "Calibration: {category}",
        "figure": "Figure",
        "value": "Value",
        "interval": "95 % interval",
        "training": "In training",
        "meaning": "Meaning",
        "month": "Month",
        "count": "Pairs",
        "predicted": "Predicted share",
        "happened": "Share that happened",
        "few": "too few pairs",
        "band": "The band behind the points is training's mean, two standard deviations of its folds to each side.",
    },
    "es": {
        "title": "Qué tal resultaron las predicciones de {route}",
        "made": "Hecho el {made}.",
        "counted": "{matched} de {predictions} predicciones guardadas tienen resultado; hay {actuals} resultados.",
        "nothing": "Todavía no hay resultado de ninguna predicción. Deposite lo que pasó en inbox/…/actuals/.",
        "pairs": "{pairs} pares, predichos del {first} al {last}.",
        "other": "No hay cifras para un modelo que no es ni clasificador ni regresión.",
        "no-pairs": "Todavía no hay resultado de ninguna predicción de esta versión.",
        "outside": "Fuera del intervalo del entrenamiento",
        "all": "Todos los pares",
        "recent": "Los últimos {days} días",
        "months": "Por mes de la predicción",
        "by": "Por {column}",
        "calibration": "Calibración: {category}",
        "figure": "Cifra",
        "value": "Valor",
        "interval": "Intervalo del 95 %",
        "training": "En el entrenamiento",
        "meaning": "Significado",
        "month": "Mes",
        "count": "Pares",
        "predicted": "Proporción predicha",
        "happened": "Proporción ocurrida",
        "few": "muy pocos pares",
        "band": "La banda detrás de los puntos es la media del entrenamiento, con dos desviaciones a cada lado.",
    },
}


def words_of(language: str) -> Mapping[str, str]:
    return WORDS.get(language, WORDS["en"])
