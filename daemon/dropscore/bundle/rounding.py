"""Numbers rounded to 12 significant digits, so that last bits that depend on the block's shape never show."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

DIGITS = 12
_EXACT_POWERS = 22
"""10**22 is the last power of ten that a double holds exactly."""
_NEAR_TIE = 1e-3


def round_significant(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return `float(f"{x:.12g}")` for every value; what is not finite stays.

    With 12 digits as an integer and a power of ten that are both exact, one division is the correctly
    rounded decimal. Where the integer itself is in doubt (a near tie, or a power beyond the exact ones),
    the value goes through its text.
    """
    values = np.ascontiguousarray(values, dtype=np.float64)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        power = (DIGITS - 1) - np.floor(np.log10(np.abs(values)))
        exact = np.abs(power) <= _EXACT_POWERS
        scale = 10.0 ** np.where(exact, np.abs(power), 0.0)
        up = power >= 0
        scaled = np.where(up, values * scale, values / scale)
        digits = np.rint(scaled)
        rounded = np.where(up, digits / scale, digits * scale)
        size = np.abs(scaled)
        doubtful = np.abs(np.abs(scaled - digits) - 0.5) < _NEAR_TIE
        sure = exact & ~doubtful & (size >= 10.0 ** (DIGITS - 1)) & (size < 10.0**DIGITS)
    plain = ~np.isfinite(values) | (values == 0)
    rounded[plain] = values[plain]
    for index in np.flatnonzero(~sure & ~plain):
        rounded[index] = float(f"{values[index]:.{DIGITS}g}")
    return rounded
