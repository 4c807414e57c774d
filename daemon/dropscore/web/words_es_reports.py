"""Spanish: the pages that tell how good models turned out."""

from __future__ import annotations

REPORTS: dict[str, str] = {
    "Download as a page": "Descargar como página",
    "How good the predictions turned out, by what was dropped into actuals/ since.": (
        "Qué tal resultaron las predicciones, según lo que se ha depositado después en actuals/."
    ),
    "No route keeps its predictions. An operator sets key and outcome in its section actuals.": (
        "Ninguna ruta guarda sus predicciones. Un operador pone key y outcome en su sección actuals."
    ),
    "There is no report yet: nobody has said what really happened.": (
        "Todavía no hay informe: nadie ha dicho qué pasó en realidad."
    ),
    "{n} predictions have an outcome.": "{n} predicciones tienen resultado.",
}
