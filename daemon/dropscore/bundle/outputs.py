"""The columns that a model answers, and how they are read off an estimator."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Literal

import numpy as np
from sklearn.base import is_classifier, is_regressor

from dropscore.bundle.manifest import Output

Task = Literal["classification", "regression", "other"]


def prediction(name: str = "prediction", *, title: str = "", description: str = "") -> Output:
    """Ask for what `predict` answers, under this name and label."""
    return Output(name=name, kind="number", source="prediction", title=title, description=description)


def probability(category: object, name: str = "", *, title: str = "", description: str = "") -> Output:
    """Ask for the probability of one class."""
    text = class_text(category)
    return Output(
        name=name or f"probability_{text}",
        kind="number",
        source="probability",
        category=text,
        title=title,
        description=description,
    )


def class_text(category: object) -> str:
    """Return a class as people read it: `true`, `1`, `good`."""
    if hasattr(category, "item"):
        category = category.item()
    if isinstance(category, bool):
        return "true" if category else "false"
    if isinstance(category, float) and category.is_integer():
        category = int(category)
    return str(category)


def task_of(estimator: Any) -> Task:
    """Return what kind of estimator it is; what only behaves like one is a classifier if it has classes."""
    if not hasattr(estimator, "__sklearn_tags__"):
        return "classification" if hasattr(estimator, "classes_") else "other"
    if is_classifier(estimator):
        return "classification"
    return "regression" if is_regressor(estimator) else "other"


def classes_of(estimator: Any) -> tuple[str, ...]:
    """Return the classes as text, in the order of the probabilities; none for what is no classifier."""
    found = estimator.classes_ if task_of(estimator) == "classification" else None
    if isinstance(found, list):
        raise ValueError("the estimator answers several targets at once: pack one estimator for each")
    return () if found is None else tuple(class_text(category) for category in found)


def settle_outputs(
    estimator: Any,
    inputs: Sequence[str],
    asked: Iterable[Output] | None,
    positive: object | None,
) -> tuple[Output, ...]:
    """Return the output columns: those asked for, completed and checked, or the usual ones.

    Usual are `prediction`, and with probabilities one column for the positive class (the last one, unless
    told) of two, or one for each of more. A usual name that is an input's name gives way (`model_prediction`);
    ValueError where a chosen name does the same, or where a class is unknown.
    """
    classes = classes_of(estimator)
    has_probabilities = bool(classes) and hasattr(estimator, "predict_proba")
    if positive is not None and class_text(positive) not in classes:
        raise ValueError(f"positive: {class_text(positive)!r} is none of the classes {', '.join(classes)}")
    if asked is None:
        found = [prediction()]
        if has_probabilities:
            wanted = classes if len(classes) > 2 else (class_text(positive) if positive is not None else classes[-1],)
            found += [probability(category) for category in wanted]
        found = [_out_of_the_way(output, inputs) for output in found]
    else:
        found = list(asked)
    outputs = tuple(_completed(output, classes, has_probabilities, _labels_are_text(estimator)) for output in found)
    _refuse_collisions(outputs, inputs)
    return outputs


def _labels_are_text(estimator: Any) -> bool:
    return task_of(estimator) == "classification" and np.asarray(estimator.classes_).dtype.kind not in "iuf"


def _out_of_the_way(output: Output, inputs: Sequence[str]) -> Output:
    taken = {name.casefold() for name in inputs}
    return output.model_copy(update={"name": f"model_{output.name}"}) if output.name.casefold() in taken else output


def _completed(output: Output, classes: tuple[str, ...], has_probabilities: bool, text: bool) -> Output:
    if output.source == "probability":
        if not has_probabilities:
            raise ValueError(f"output {output.name!r}: the estimator has no probabilities")
        if output.category not in classes:
            raise ValueError(f"output {output.name!r}: {output.category!r} is none of the classes {', '.join(classes)}")
        return output.model_copy(update={"title": output.title or f"Probability of {output.category}"})
    title = output.title or "Prediction"
    return output.model_copy(update={"kind": "text" if text else "number", "enum": classes, "title": title})


def _refuse_collisions(outputs: Sequence[Output], inputs: Sequence[str]) -> None:
    if not outputs:
        raise ValueError("a bundle needs at least one output")
    taken = {name.casefold() for name in inputs}
    for output in outputs:
        name = output.name.casefold()
        if not name or name in taken:
            raise ValueError(
                f"output {output.name!r} has the name of another column (case does not count): "
                "choose another with prediction(name=…) or probability(…, name=…)"
            )
        taken.add(name)
