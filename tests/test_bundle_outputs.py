"""Which columns a model answers, and what they are called."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.svm import LinearSVC

from dropscore.bundle.outputs import class_text, classes_of, prediction, probability, settle_outputs, task_of

X = pd.DataFrame({"a": np.linspace(-1, 1, 60)})


def classifier(labels: Any) -> LogisticRegression:
    return LogisticRegression().fit(X, np.resize(np.array(labels), len(X)))


def names(outputs: Any) -> list[str]:
    return [output.name for output in outputs]


def test_two_classes_have_one_probability() -> None:
    estimator = classifier(["bad", "good"])
    assert names(settle_outputs(estimator, ["a"], None, None)) == ["prediction", "probability_good"]
    outputs = settle_outputs(estimator, ["a"], None, "bad")
    assert names(outputs) == ["prediction", "probability_bad"]
    assert outputs[0].kind == "text" and outputs[0].enum == ("bad", "good") and outputs[1].kind == "number"


def test_more_classes_have_one_probability_each() -> None:
    outputs = settle_outputs(classifier(["x", "y", "z"]), ["a"], None, None)
    assert names(outputs) == ["prediction", "probability_x", "probability_y", "probability_z"]


def test_no_probabilities_where_the_estimator_has_none() -> None:
    assert names(settle_outputs(LinearSVC().fit(X, X.a > 0), ["a"], None, None)) == ["prediction"]
    assert names(settle_outputs(Ridge().fit(X, X.a), ["a"], None, None)) == ["prediction"]


def test_numbers_as_classes_stay_numbers_and_truth_is_text() -> None:
    assert settle_outputs(classifier([0, 1]), ["a"], None, None)[0].kind == "number"
    assert settle_outputs(classifier([False, True]), ["a"], None, None)[0].enum == ("false", "true")
    assert names(settle_outputs(classifier([0.0, 1.0]), ["a"], None, None))[1] == "probability_1"


def test_a_usual_name_gives_way_to_an_input() -> None:
    outputs = settle_outputs(classifier(["n", "y"]), ["Prediction", "a"], None, None)
    assert names(outputs) == ["model_prediction", "probability_y"]


@pytest.mark.parametrize(
    ("inputs", "asked", "positive", "sentence"),
    [
        (["prediction"], [prediction()], None, "has the name of another column"),
        (["prediction", "model_prediction"], None, None, "has the name of another column"),
        (["a"], [prediction("p"), probability("y", "P")], None, "has the name of another column"),
        (["a"], [probability("maybe")], None, "none of the classes n, y"),
        (["a"], None, "maybe", "none of the classes n, y"),
        (["a"], [], None, "at least one output"),
        (["a"], [prediction("")], None, "has the name of another column"),
    ],
)
def test_what_cannot_be_is_said(inputs: list[str], asked: Any, positive: Any, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        settle_outputs(classifier(["n", "y"]), inputs, asked, positive)


def test_a_regression_has_no_probability_to_give() -> None:
    with pytest.raises(ValueError, match="has no probabilities"):
        settle_outputs(Ridge().fit(X, X.a), ["a"], [probability("x")], None)


def test_labels_for_people_are_kept() -> None:
    outputs = settle_outputs(classifier(["n", "y"]), ["a"], [prediction("p", title="T", description="D")], None)
    assert (outputs[0].title, outputs[0].description) == ("T", "D")
    assert settle_outputs(classifier(["n", "y"]), ["a"], None, None)[1].title == "Probability of y"


@pytest.mark.parametrize(
    ("category", "text"),
    [("a", "a"), (np.str_("a"), "a"), (1, "1"), (1.0, "1"), (1.5, "1.5"), (True, "true"), (np.bool_(False), "false")],
)
def test_classes_read_as_people_write_them(category: Any, text: str) -> None:
    assert class_text(category) == text


def test_tasks() -> None:
    assert task_of(Ridge()) == "regression" and task_of(LogisticRegression()) == "classification"
    assert task_of(object()) == "other"
    assert classes_of(Ridge().fit(X, X.a)) == ()
