"""What the panel says of drift, in Spanish."""

from __future__ import annotations

DRIFT = {
    "Beside the training data": "Junto a los datos de entrenamiento",
    "As in training": "Como en el entrenamiento",
    "Other than in training": "Distinto que en el entrenamiento",
    "Too few rows to say": "Demasiado pocas filas para saberlo",
    "Cannot be said": "No se puede saber",
    "The last {days} days, {jobs} files": "Los últimos {days} días, {jobs} archivos",
}
