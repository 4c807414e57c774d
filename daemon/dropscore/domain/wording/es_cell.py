"""Spanish: problems of rows and cells."""

from __future__ import annotations

from dropscore.domain.wording import Words

PHRASES = {
    "cells": "{:1 celda|# celdas}",
    "rows": "{:1 fila|# filas}",
    "one-cell": "*{column}* en la fila {row}: {meaning} Encontrado: `{found}`.",
    "one-row": "Fila {row}: {meaning}",
    "near": " `{found}`: ¿quiso decir `{near}`?",
    "near-column": " ¿Es `{near}` la columna *{found}*?",
    "number": "un número como {example}",
    "date": "una fecha como {example}",
    "word": "uno de {expected_words}",
    "form": "texto de la forma `{pattern}`",
    "text": "texto",
}

CELL: dict[str, Words] = {
    "too-few-cells": Words(
        "La fila tiene menos celdas que el encabezado.",
        "{expected_cells} celdas",
        "Añada lo que falta. Si una fila está partida en dos líneas, júntelas.",
        "{rows} con celdas de menos.",
    ),
    "too-many-cells": Words(
        "La fila tiene más celdas que el encabezado. A menudo una celda contiene el separador sin comillas.",
        "{expected_cells} celdas",
        "Ponga entre comillas la celda que contiene el separador, o quite lo que sobra.",
        "{rows} con celdas de más.",
    ),
    "blank-line": Words(
        "Hay una línea sin contenido entre las filas.",
        "una fila, o nada debajo de la tabla",
        "Borre la fila en blanco.",
        "{rows} sin contenido.",
    ),
    "total-row": Words(
        "La fila es un total o un pie, no un registro. Se habría puntuado como tal.",
        "solo registros",
        "Borre la fila.",
        "{rows} de totales o pies, que no son registros.",
    ),
    "repeated-header": Words(
        "El encabezado aparece de nuevo entre las filas, como en archivos que se juntaron.",
        "el encabezado una vez, arriba",
        "Borre la fila.",
        "{rows} repiten el encabezado.",
    ),
    "control-character": Words(
        "La celda contiene un carácter que no se ve ni se imprime.",
        "texto sin caracteres de control",
        "Borre la celda y escriba de nuevo su contenido.",
        "{cells} de *{column}* contienen caracteres de control.",
    ),
    "stray-mark": Words(
        "La celda contiene una marca de orden de bytes (U+FEFF), como en archivos que se juntaron. No se ve, pero "
        "hace que el texto sea otro.",
        "texto sin U+FEFF",
        "Borre la celda y escriba de nuevo su contenido, o junte los archivos sin sus marcas.",
        "{cells} de *{column}* contienen una marca de orden de bytes invisible.",
    ),
    "missing-value": Words(
        "La celda está vacía, pero el modelo necesita un valor.",
        "un valor",
        "Rellene *{column}*.",
        "{cells} de *{column}* están vacías.",
    ),
    "missing-word": Words(
        "Hay una palabra como NA o NULL donde se espera un valor. Solo significa *falta* donde el modelo lo dice.",
        "un valor",
        "Ponga el valor, o deje la celda vacía donde pueda faltar.",
        "{cells} de *{column}* contienen una palabra que significa *falta*, como `{found}`.",
    ),
    "database-null": Words(
        "La celda es `\\N`, lo que las bases de datos exportan cuando falta un valor.",
        "un valor, o una celda vacía",
        "Exporte los valores que faltan como celdas vacías.",
        "{cells} de *{column}* son `\\N`.",
    ),
    "not-a-number": Words(
        "La celda no es un número.",
        "un número como {example}",
        "Escriba un número.",
        "{cells} de *{column}* no son números, como `{found}`.",
    ),
    "not-an-integer": Words(
        "El número tiene decimales donde se espera un número entero.",
        "un número entero como 42",
        "Escriba un número entero, sin decimales.",
        "{cells} de *{column}* no son números enteros, como `{found}`.",
    ),
    "decimal-comma": Words(
        "El número lleva coma decimal, y esta carpeta espera un punto.",
        "un número como 1234.5",
        'Escríbalo con punto decimal, o pida al operador `decimal = ","` para esta carpeta.',
        "{cells} de *{column}* llevan coma decimal, como `{found}`.",
    ),
    "decimal-point": Words(
        "El número lleva punto decimal, y esta carpeta espera una coma.",
        "un número como 1234,5",
        'Escríbalo con coma decimal, o pida al operador `decimal = "."` para esta carpeta.',
        "{cells} de *{column}* llevan punto decimal, como `{found}`.",
    ),
    "ambiguous-number": Words(
        "El número se puede leer de dos maneras: con signo decimal o con grupos de miles.",
        "un número como {example}",
        "Escríbalo sin grupos de miles. `{found}` puede ser {first} o {second}.",
        "{cells} de *{column}* se pueden leer de dos maneras, como `{found}`: {first} o {second}.",
    ),
    "grouped-number": Words(
        "El número está escrito en grupos de miles, y esta carpeta no los espera.",
        "un número como {example}",
        'Escríbalo sin grupos, o pida al operador `group = "{group}"` para esta carpeta.',
        "{cells} de *{column}* están escritas en grupos de miles, como `{found}`.",
    ),
    "broken-groups": Words(
        "Los grupos de miles no tienen tres cifras cada uno.",
        "un número como {example}",
        "Escriba el número sin grupos.",
        "{cells} de *{column}* tienen grupos irregulares, como `{found}`.",
    ),
    "percent": Words(
        "El número lleva signo de porcentaje. 95 % puede significar 95 o 0,95.",
        "un número como {example}",
        "Escriba el número sin el signo, en la unidad que el modelo conoce.",
        "{cells} de *{column}* llevan signo de porcentaje, como `{found}`.",
    ),
    "currency": Words(
        "El número lleva un signo de moneda o una unidad.",
        "un número como {example}",
        "Escriba solo el número; dé a la columna el formato *Número* antes de guardar.",
        "{cells} de *{column}* llevan un signo de moneda o una unidad, como `{found}`.",
    ),
    "accounting-negative": Words(
        "El número está escrito como los negativos de contabilidad: entre paréntesis, o con el signo detrás.",
        "un número como -{example}",
        "Escriba el signo delante: -{example}.",
        "{cells} de *{column}* son negativos de contabilidad, como `{found}`.",
    ),
    "number-too-large": Words(
        "El número es mayor de lo que se puede calcular.",
        "un número dentro del alcance de {kind}",
        "Revise el número; si es un identificador, el modelo debería tratarlo como texto.",
        "{cells} de *{column}* son demasiado grandes, como `{found}`.",
    ),
    "not-a-boolean": Words(
        "La celda no es ninguna de las palabras para sí y no.",
        "uno de {expected_words}",
        "Escriba uno de {expected_words}.",
        "{cells} de *{column}* no son sí ni no, como `{found}`.",
    ),
    "not-a-date": Words(
        "La celda no es una fecha.",
        "una fecha como {example}",
        "Escriba una fecha como {example}.",
        "{cells} de *{column}* no son fechas, como `{found}`.",
    ),
    "other-date": Words(
        "La fecha está escrita con otra notación de la que espera esta carpeta.",
        "una fecha como {example}",
        "Escríbala como {example}, o pida al operador que fije `dates` para esta carpeta.",
        "{cells} de *{column}* son fechas con otra notación, como `{found}`: escríbalas como {example}, o pida al "
        "operador que fije `dates` para esta carpeta.",
    ),
    "impossible-date": Words(
        "La notación es correcta, pero ese día u hora no existe.",
        "una fecha como {example}",
        "Corrija la fecha.",
        "{cells} de *{column}* no son días del calendario, como `{found}`.",
    ),
    "time-zone": Words(
        "La hora lleva zona horaria, y el modelo se entrenó con horas sin zona.",
        "una hora como {example}",
        "Escriba la hora sin zona.",
        "{cells} de *{column}* llevan zona horaria, como `{found}`.",
    ),
    "below-minimum": Words(
        "El valor es menor de lo que admite el modelo.",
        "al menos {minimum}",
        "Corrija el valor.",
        "{cells} de *{column}* están por debajo de {minimum}, como `{found}`.",
    ),
    "above-maximum": Words(
        "El valor es mayor de lo que admite el modelo.",
        "como máximo {maximum}",
        "Corrija el valor.",
        "{cells} de *{column}* están por encima de {maximum}, como `{found}`.",
    ),
    "unknown-value": Words(
        "El valor no es ninguno de los que conoce el modelo.",
        "uno de {expected_words}",
        "Escriba uno de {expected_words}.{suggestion}",
        "{cells} de *{column}* contienen valores que el modelo no conoce, como `{found}`.{suggestion}",
    ),
    "pattern": Words(
        "El texto no tiene la forma que espera el modelo.",
        "texto de la forma `{pattern}`",
        "Corrija el texto.",
        "{cells} de *{column}* no tienen la forma `{pattern}`, como `{found}`.",
    ),
    "too-short": Words(
        "El texto es más corto de lo que admite el modelo.",
        "al menos {minimum} caracteres",
        "Complete el texto.",
        "{cells} de *{column}* tienen menos de {minimum} caracteres, como `{found}`.",
    ),
    "too-long": Words(
        "El texto es más largo de lo que admite el modelo.",
        "como máximo {maximum} caracteres",
        "Acorte el texto.",
        "{cells} de *{column}* tienen más de {maximum} caracteres.",
    ),
    "duplicate-value": Words(
        "El valor ya se usó en una fila anterior, y solo puede usarse una vez.",
        "cada valor una vez; ya está en la fila {first}",
        "Quite una de las dos filas, o corrija el valor.",
        "{cells} de *{column}* repiten el valor de una fila anterior, como `{found}`.",
    ),
    "lost-zeros": Words(
        "Se perdieron los ceros de delante, como ocurre cuando una hoja de cálculo abre un código como número.",
        "texto de la forma `{pattern}`, como `{suggested}`",
        "Dé a la columna el formato *Texto* antes de escribir o importar los códigos, y escriba `{suggested}`.",
        "{cells} de *{column}* perdieron los ceros de delante, como `{found}` por `{suggested}`.",
    ),
    "scientific-notation": Words(
        "Una hoja de cálculo convirtió un número largo a notación científica; sus últimas cifras se perdieron.",
        "todas las cifras del número",
        "Tome el número de su origen, dé a la columna el formato *Texto* y guarde de nuevo.",
        "{cells} de *{column}* se convirtieron a notación científica, como `{found}`: se perdieron cifras.",
    ),
    "turned-into-date": Words(
        "Una hoja de cálculo convirtió el valor en fecha: 1-3 se vuelve 01-mar.",
        "el valor como se escribió",
        "Tome el valor de su origen, dé a la columna el formato *Texto* y guarde de nuevo.",
        "Una hoja de cálculo convirtió en fechas {cells} de *{column}*, como `{found}`.",
    ),
    "spreadsheet-error": Words(
        "La celda contiene un error de una fórmula.",
        "un valor",
        "Corrija la fórmula en su hoja de cálculo, o escriba el valor.",
        "{cells} de *{column}* son errores de fórmulas, como `{found}`.",
    ),
    "formula-without-value": Words(
        "La celda contiene una fórmula cuyo resultado no se guardó, como hacen los programas que escriben libros.",
        "un valor",
        "Abra el libro en su hoja de cálculo y guárdelo, o escriba el valor.",
        "{cells} de *{column}* son fórmulas cuyos resultados no se guardaron.",
    ),
    "hash-signs": Words(
        "La celda contiene `####`: la columna era demasiado estrecha, y el valor no se guardó.",
        "un valor",
        "Ensanche la columna en su hoja de cálculo y guarde de nuevo.",
        "{cells} de *{column}* son `####`: ensanche la columna y guarde de nuevo.",
    ),
}
