"""Which types a model may be made of. The operator's word, never the bundle's.

skops builds nothing whose type is not trusted. What it trusts by itself are estimators and plain numbers; some
of scikit-learn's inner types it leaves to whoever loads the file: trees above all, whose node indices nobody
checks, so that a crafted file could crash the process. These stand in the tier `sklearn`, for operators who
trust the people who put bundles into `model/`; jobs are scored in worker processes for the same reason.
"""

from __future__ import annotations

from dropscore.domain.rules import Trust, Trusted

NUMERIC = frozenset({"numpy.dtype"})

_SPLITTERS = [
    "GroupKFold",
    "GroupShuffleSplit",
    "KFold",
    "LeaveOneGroupOut",
    "LeaveOneOut",
    "LeavePGroupsOut",
    "LeavePOut",
    "PredefinedSplit",
    "RepeatedKFold",
    "RepeatedStratifiedKFold",
    "ShuffleSplit",
    "StratifiedGroupKFold",
    "StratifiedKFold",
    "StratifiedShuffleSplit",
    "TimeSeriesSplit",
]
_KERNELS = [
    "CompoundKernel",
    "ConstantKernel",
    "DotProduct",
    "ExpSineSquared",
    "Exponentiation",
    "Matern",
    "PairwiseKernel",
    "Product",
    "RBF",
    "RationalQuadratic",
    "Sum",
    "WhiteKernel",
]
# PyFuncDistance is left out on purpose: it calls any function that the file names.
_DISTANCES = [
    "BrayCurtis",
    "Canberra",
    "Chebyshev",
    "Dice",
    "Euclidean",
    "Hamming",
    "Haversine",
    "Jaccard",
    "Mahalanobis",
    "Manhattan",
    "Minkowski",
    "RogersTanimoto",
    "RussellRao",
    "SEuclidean",
    "SokalSneath",
]
_SELECTORS = ["chi2", "f_classif", "f_oneway", "f_regression", "r_regression"]
_SCORES = {
    "_classification": "accuracy_score balanced_accuracy_score brier_score_loss cohen_kappa_score f1_score "
    "fbeta_score jaccard_score log_loss matthews_corrcoef precision_score recall_score",
    "_ranking": "average_precision_score roc_auc_score top_k_accuracy_score",
    "_regression": "explained_variance_score max_error mean_absolute_error mean_absolute_percentage_error "
    "mean_gamma_deviance mean_poisson_deviance mean_squared_error mean_squared_log_error median_absolute_error "
    "r2_score root_mean_squared_error root_mean_squared_log_error",
}

SKLEARN = NUMERIC | {
    # Trees, and what searches for neighbours.
    "sklearn.tree._tree.Tree",
    "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
    "sklearn.neighbors._ball_tree.BallTree",
    "sklearn.neighbors._kd_tree.KDTree",
    *(f"sklearn.metrics._dist_metrics.{name}Distance{bits}" for name in _DISTANCES for bits in ("32", "64")),
    # What estimators keep of their training: optimizers, calibrators, losses, kernels, splines.
    "sklearn.neural_network._stochastic_optimizers.AdamOptimizer",
    "sklearn.neural_network._stochastic_optimizers.SGDOptimizer",
    "sklearn.calibration._CalibratedClassifier",
    "sklearn.calibration._SigmoidCalibration",
    "sklearn.calibration._TemperatureScaling",
    "sklearn._loss.loss.HalfTweedieLoss",
    "sklearn._loss.loss.HalfTweedieLossIdentity",
    "sklearn.cluster._bisect_k_means._BisectingTree",
    "sklearn.cluster._kmeans._kmeans_single_elkan",
    "sklearn.cluster._kmeans._kmeans_single_lloyd",
    "sklearn.gaussian_process._gpc._BinaryGaussianProcessClassifierLaplace",
    "sklearn.impute._iterative._ImputerTriplet",
    "sklearn.multiclass._ConstantPredictor",
    "scipy.interpolate._bsplines.BSpline",
    "scipy._lib.array_api_compat.numpy._aliases.asarray",
    *(f"sklearn.gaussian_process.kernels.{name}" for name in _KERNELS),
    # What searches, selections and thresholds were steered by: never called when predicting.
    *(f"sklearn.model_selection._split.{name}" for name in _SPLITTERS),
    *(f"sklearn.feature_selection._univariate_selection.{name}" for name in _SELECTORS),
    *(f"sklearn.metrics.{module}.{name}" for module, names in _SCORES.items() for name in names.split()),
    "sklearn.metrics._scorer._CurveScorer",
    "sklearn.metrics._scorer._PassthroughScorer",
    "sklearn.metrics._scorer._Scorer",
    "sklearn.utils._metadata_requests.MetadataRequest",
    "sklearn.utils._metadata_requests.MethodMetadataRequest",
    # Columns: HistGradientBoosting wraps check_array in a partial as soon as a column is a category. skops
    # judges the function inside a partial by itself, so this lets no other function in.
    "sklearn.compose._column_transformer.make_column_selector",
    "sklearn.utils._bunch.Bunch",
    "sklearn.utils.validation.check_array",
    "functools.partial",
    "numpy.mean",
}


def allowed_types(trusted: Trusted) -> frozenset[str]:
    """Return the names that a file may need beyond what skops trusts by itself."""
    if trusted.tier is Trust.NUMERIC:
        return NUMERIC
    if trusted.tier is Trust.SKLEARN:
        return SKLEARN
    return SKLEARN | frozenset(trusted.types)


def mend_of(refused: list[str], trusted: Trusted) -> str:
    """Return what an operator can do so that these types are allowed, if they want that."""
    if trusted.tier is Trust.NUMERIC and set(refused) <= SKLEARN:
        return 'If you trust whoever packed it, set trust = "sklearn" in [bundles].'
    named = ", ".join(f'"{kind}"' for kind in sorted(set(refused) - SKLEARN))
    return f'If you trust whoever packed it, set trust = "custom" in [bundles] and add {named} to its types.'
