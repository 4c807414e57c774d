"""How figures on a model are called and written, for people."""

from __future__ import annotations

NAMES = {
    "en": {
        "accuracy": "Accuracy",
        "auc": "AUC",
        "brier": "Brier score",
        "mae": "Mean absolute error",
        "rmse": "Root mean squared error",
        "bias": "Bias",
    },
    "es": {
        "accuracy": "Exactitud",
        "auc": "AUC",
        "brier": "Puntuación de Brier",
        "mae": "Error absoluto medio",
        "rmse": "Raíz del error cuadrático medio",
        "bias": "Sesgo",
    },
}
MEANINGS = {
    "en": {
        "accuracy": "share of predictions that were right",
        "auc": "how often who had it was ranked above who had it not; 0.5 is chance",
        "brier": "mean squared error of the probabilities; smaller is better",
        "mae": "by how much predictions are off on average",
        "rmse": "the same, where large errors weigh more",
        "bias": "mean of prediction minus outcome",
    },
    "es": {
        "accuracy": "proporción de predicciones acertadas",
        "auc": "con qué frecuencia quien lo tuvo quedó por encima de quien no; 0,5 es el azar",
        "brier": "error cuadrático medio de las probabilidades; menos es mejor",
        "mae": "cuánto se desvían las predicciones de media",
        "rmse": "lo mismo, donde pesan más los errores grandes",
        "bias": "media de la predicción menos el resultado",
    },
}
SHARES = frozenset({"accuracy", "auc", "brier"})
_OUTSIDE = {
    "en": (
        "{model} {version}: {name} is {value} (95 % interval {low} to {high}, {pairs} pairs), {than} than in training "
        "({trained_low} to {trained_high}).",
        {"higher": "higher", "lower": "lower"},
    ),
    "es": (
        "{model} {version}: {name} es {value} (intervalo del 95 %: de {low} a {high}, {pairs} pares), {than} que en el "
        "entrenamiento (de {trained_low} a {trained_high}).",
        {"higher": "más alto", "lower": "más bajo"},
    ),
}


def written(name: str, value: float | None) -> str:
    """Return a figure as it is shown: shares with three places, numbers with four digits that count."""
    if value is None:
        return "–"
    if name in SHARES:
        return f"{value:.3f}"
    text = f"{value:,.4g}"
    return text if "e" not in text else f"{value:,.0f}"


def outside_sentence(language: str, model: str, version: str, pairs: int, figure: dict[str, object]) -> str:
    """Return what people are told of a figure (its fields) that lies outside the interval of training."""
    sentence, words = _OUTSIDE.get(language, _OUTSIDE["en"])
    name = str(figure["name"])
    places = {
        place: written(name, value if isinstance(value, float) else None)
        for place in ("value", "low", "high", "trained_low", "trained_high")
        for value in [figure[place]]
    }
    named = NAMES.get(language, NAMES["en"])[name]
    than = words[str(figure["outside"])]
    return sentence.format(model=model, version=version, name=named, pairs=f"{pairs:,}", than=than, **places)
