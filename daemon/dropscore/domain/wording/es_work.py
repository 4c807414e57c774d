"""Spanish: what is said of the work on a file, beyond its cells."""

from __future__ import annotations

from dropscore.domain.wording import Words
from dropscore.domain.wording.es_actuals import ACTUALS

WORK: dict[str, Words] = ACTUALS | {
    "no-prediction": Words(
        "El modelo no dio ningún número para estas filas. Sus predicciones quedan vacías.",
        "una predicción para cada fila",
        "Muestre estas filas a quien hizo el modelo.",
        "{rows} no recibieron predicción: el modelo no da ninguna para ellas.",
    ),
    "cell-cut": Words(
        "Excel admite 32.767 caracteres por celda. Lo que pasa de ahí se corta en el libro; el archivo sigue igual.",
        "como máximo 32.767 caracteres",
        "Mire el archivo mismo donde necesite el texto entero.",
        "{cells} del libro se cortaron: Excel admite 32.767 caracteres en una.",
    ),
    "character-replaced": Words(
        "Un libro no admite algunos caracteres de control. Se muestran como �.",
        "texto sin caracteres de control",
        "Mire el archivo mismo donde los necesite.",
        "{found} caracteres se muestran como �: un libro no los admite.",
    ),
    "formula-guarded": Words(
        "En el CSV una hoja de cálculo tomaría estas celdas por fórmulas. Llevan un apóstrofo delante.",
        "texto que no empiece como una fórmula",
        "Nada, si lo lee una persona. Un programa las halla tal como llegaron en el Parquet o en el archivo mismo.",
        "{cells} del CSV llevan un apóstrofo delante: una hoja de cálculo las tomaría por fórmulas.",
    ),
    "mend-unknown": Words(
        "El archivo tiene una columna `_dropscore_row`, pero su código no es de ningún archivo que espere corrección.",
        "el código de un archivo que espera corrección",
        "Nada, si las filas están bien: el archivo se tomó como cualquier otro.",
        "El archivo parece una corrección ({found}), pero aquí nada la espera. Se tomó como cualquier otro.",
    ),
    "mend-other-route": Words(
        "El archivo corrige un archivo de otra carpeta.",
        "la carpeta del archivo que corrige",
        "Deposítelo en la carpeta del primer archivo.",
        "El archivo corrige uno de otra carpeta ({found}). Se tomó como cualquier otro.",
    ),
    "mend-late": Words(
        "El archivo corrige uno que ya fue corregido.",
        "un archivo sin corregir",
        "Mire el resultado de la corrección anterior antes de usar este.",
        "{found} ya fue corregido. El archivo se tomó como cualquier otro.",
    ),
    "mend-rows-missing": Words(
        "Un archivo corregido debe tener cada fila entregada exactamente una vez. Faltan algunas.",
        "cada fila entregada",
        "Tome de nuevo el libro de corrección sin quitar filas, o deposite las filas como archivo nuevo sin "
        "la columna `_dropscore_row`.",
        "Faltan {rows} de las entregadas: {found}.",
    ),
    "mend-rows-doubled": Words(
        "Un archivo corregido debe tener cada fila entregada exactamente una vez. Algunas están dos veces.",
        "cada fila una vez",
        "Quite las filas repetidas.",
        "{rows} están más de una vez: {found}.",
    ),
    "mend-rows-foreign": Words(
        "El archivo tiene filas que no son del libro de corrección: añadidas, o de otro.",
        "solo filas de ese libro de corrección",
        "Deposite las filas añadidas como archivo propio, sin la columna `_dropscore_row`.",
        "{rows} no son de este libro de corrección: {found}.",
    ),
    "same-again": Words(
        "Este modelo ya puntuó exactamente este contenido, y la carpeta rechaza repeticiones.",
        "contenido nuevo",
        "Use el resultado anterior, o pida al operador que cambie `again` para esta carpeta.",
        "El mismo contenido ya se puntuó: vea {found}.",
    ),
    "same-again-gone": Words(
        "Este modelo ya puntuó exactamente este contenido, pero ese resultado ya no está.",
        "el resultado anterior",
        "Nada: se puntuó de nuevo.",
        "El mismo contenido ya se puntuó ({found}). Su resultado ya no está, y se puntuó de nuevo.",
    ),
}
