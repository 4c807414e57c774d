"""Spanish: what is said of actuals, and of predictions that are kept for them."""

from __future__ import annotations

from dropscore.domain.wording import Words

ACTUALS: dict[str, Words] = {
    "key-absent": Words(
        "La carpeta guarda las predicciones por una columna que este archivo no tiene. No se guardan.",
        "la columna *{column}*",
        "Nada, si nadie va a decir qué pasó con estas filas. Si no, añada la columna *{column}* y deposítelo de nuevo.",
        "No hay columna *{column}*: nadie podrá decir después si estas predicciones fueron buenas.",
    ),
    "key-empty": Words(
        "La fila no tiene clave. Su predicción no se guarda.",
        "un valor en *{column}*",
        "Rellene *{column}*, si alguien va a decir después qué pasó.",
        "{rows} sin *{column}*: nadie podrá decir después si estas predicciones fueron buenas.",
    ),
    "key-doubled": Words(
        "La misma clave está en más de una fila. Lo que ocurra se comparará con la última.",
        "cada clave una vez",
        "Nada, si la última fila es la que vale.",
        "{rows} más que claves hay en *{column}*: de las que tienen la misma clave vale la última.",
    ),
    "actual-keyless": Words(
        "La fila dice qué pasó, pero no a quién: no tiene clave.",
        "la clave con la que se puntuó",
        "Rellene *{column}* y deposite la fila de nuevo.",
        "{rows} sin *{column}*: no se puede saber a qué predicción se refieren.",
    ),
    "actual-doubled": Words(
        "La misma clave aparece con resultados distintos. No vale ninguno.",
        "un resultado por clave, o por clave y fecha",
        "Deje el correcto y deposítelo de nuevo.",
        "{rows} dicen cosas distintas de la misma *{column}*: no vale ninguna.",
    ),
    "actual-blank": Words(
        "La fila no tiene resultado. Se deja fuera.",
        "lo que pasó",
        "Nada, si aún no se sabe. Deposítela de nuevo cuando se sepa.",
        "{rows} sin resultado se dejan fuera.",
    ),
    "actual-unknown": Words(
        "Aquí nunca se predijo nada para esta clave, o ya no se guarda.",
        "una clave que se puntuó aquí",
        "Mire si *{column}* está escrita como cuando se puntuó. Si no, no hay nada que hacer.",
        "{rows} tienen una *{column}* para la que aquí no se predijo nada.",
    ),
    "actual-early": Words(
        "Ocurrió antes de la primera predicción para esta clave, así que no se predijo.",
        "una fecha posterior a la predicción",
        "Mire si la fecha es correcta. Si no, no hay nada que hacer.",
        "{rows} ocurrieron antes de que se predijera algo para su *{column}*.",
    ),
    "actual-repeated": Words(
        "La fila repite lo que dice otra.",
        "cada resultado una vez",
        "Nada: cuenta una vez.",
        "{rows} repiten lo que dicen otras. Cuentan una vez.",
    ),
    "actual-changed": Words(
        "Un archivo anterior decía otra cosa de esta clave. Desde ahora vale este.",
        "el resultado del archivo anterior",
        "Nada, si es una corrección. Si no, deposite de nuevo el resultado correcto.",
        "{rows} dicen otra cosa que un archivo anterior. Vale el resultado nuevo.",
    ),
}
