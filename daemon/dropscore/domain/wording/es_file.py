"""Spanish: problems of the file as a whole."""

from __future__ import annotations

from dropscore.domain.wording import Words

FILE: dict[str, Words] = {
    "empty-file": Words(
        "El archivo no contiene nada, o solo líneas en blanco.",
        "una tabla con encabezado y al menos una fila",
        "Guarde de nuevo la tabla y mire el archivo antes de dejarlo.",
        "El archivo está vacío.",
    ),
    "not-a-table": Words(
        "El contenido no es una tabla, se llame como se llame el archivo.",
        "CSV, .xlsx o Parquet; el CSV puede ir comprimido como .gz, .zst o .zip",
        "Guarde la tabla como CSV o como libro de Excel (.xlsx) y deje ese archivo.",
        "El archivo no es una tabla: es {found}.",
    ),
    "old-spreadsheet": Words(
        "El archivo es un libro .xls antiguo, o un libro con contraseña. Ninguno se puede leer con seguridad.",
        "un libro .xlsx sin contraseña, o CSV",
        "Ábralo en su hoja de cálculo, quite la contraseña si la hay y guárdelo como .xlsx o CSV.",
        "El archivo es un libro antiguo o protegido.",
    ),
    "too-many-bytes": Words(
        "El archivo, o lo que lleva comprimido, es más grande de lo que admite esta carpeta.",
        "como máximo {limit} bytes",
        "Divida el archivo, o pida al operador que suba el límite `bytes` de esta carpeta.",
        "El archivo es demasiado grande: {expected}.",
    ),
    "too-many-rows": Words(
        "El archivo tiene más filas de las que admite esta carpeta.",
        "como máximo {limit} filas",
        "Divida el archivo, o pida al operador que suba el límite `rows` de esta carpeta.",
        "El archivo tiene demasiadas filas: {expected}.",
    ),
    "too-many-columns": Words(
        "El encabezado tiene más columnas de las que admite esta carpeta.",
        "como máximo {limit} columnas",
        "Quite las columnas que no hagan falta, o pida al operador que suba el límite `columns`.",
        "El encabezado tiene {found} columnas: {expected}.",
    ),
    "cell-too-long": Words(
        "Una celda es más grande de lo que admite esta carpeta. A menudo faltan unas comillas, y muchas celdas "
        "se juntan en una.",
        "como máximo {limit} bytes por celda",
        "Busque si faltan comillas en esta fila; si no, acorte la celda o pida al operador que suba `cell_bytes`.",
        "Una celda de la línea {line} es demasiado grande: {expected}.",
    ),
    "block-too-large": Words(
        "50.000 filas juntas ocupan más de 2 GB. Filas tan largas no se pueden leer con memoria acotada.",
        "como máximo 2 GB por cada 50.000 filas",
        "Quite las columnas de texto largo que el modelo no necesita.",
        "Las filas son demasiado largas para leerlas.",
    ),
    "packed-broken": Words(
        "El archivo comprimido está dañado o cortado: no se puede descomprimir hasta el final.",
        "un archivo {found} entero",
        "Comprima de nuevo la tabla, o copie otra vez el archivo hasta que esté entero.",
        "El archivo comprimido está dañado.",
    ),
    "packed-ratio": Words(
        "El archivo se descomprime en mucho más de lo que ocupa, como hacen los archivos maliciosos.",
        "como máximo {limit} bytes por cada byte comprimido",
        "Deje la tabla sin comprimir, o pida al operador que suba el límite `ratio`.",
        "El archivo se descomprime en demasiado: {expected}.",
    ),
    "packed-encrypted": Words(
        "El archivo comprimido está protegido con contraseña.",
        "un archivo comprimido sin contraseña",
        "Comprima de nuevo la tabla sin contraseña.",
        "El archivo comprimido está protegido con contraseña.",
    ),
    "packed-nothing": Words(
        "El archivo comprimido no contiene ningún CSV.",
        "un archivo comprimido con exactamente un CSV",
        "Comprima el CSV y nada más.",
        "El archivo comprimido no contiene ninguna tabla.",
    ),
    "packed-several": Words(
        "El archivo comprimido contiene más de un archivo, y no está claro cuál se quiere.",
        "un archivo comprimido con exactamente un CSV",
        "Comprima cada tabla por separado: {found}.",
        "El archivo comprimido contiene varios archivos.",
    ),
    "spreadsheet-broken": Words(
        "El libro está dañado, o no tiene ninguna hoja con una tabla.",
        "un libro .xlsx que una hoja de cálculo abra sin repararlo",
        "Ábralo en su hoja de cálculo y guárdelo de nuevo como .xlsx.",
        "El libro no se puede leer.",
    ),
    "spreadsheet-macros": Words(
        "El libro contiene macros u objetos incrustados. Nunca se abren.",
        "un libro .xlsx sin macros",
        "Guárdelo como .xlsx (no .xlsm), sin objetos incrustados.",
        "El libro contiene macros u objetos incrustados.",
    ),
    "spreadsheet-links": Words(
        "El libro toma valores de otros archivos, así que lo que muestra puede estar anticuado.",
        "un libro sin vínculos a otros archivos",
        "En su hoja de cálculo, rompa los vínculos (Datos, Editar vínculos) para que queden los valores, y guarde.",
        "El libro tiene vínculos a otros archivos.",
    ),
    "spreadsheet-merged": Words(
        "Hay celdas de la tabla combinadas. Parece que cada una tiene el valor, pero solo lo tiene la primera.",
        "un valor en cada celda",
        "En su hoja de cálculo, separe las celdas combinadas y escriba el valor en cada una.",
        "El libro tiene celdas combinadas en la tabla, como {cell}.",
    ),
    "spreadsheet-rows": Words(
        "La hoja tiene más filas de las que se pueden leer de un libro, que se lee entero.",
        "como máximo {limit} filas en un libro",
        "Guarde la tabla como CSV: para CSV no hay ese límite.",
        "La hoja tiene demasiadas filas: {expected}.",
    ),
    "parquet-broken": Words(
        "El archivo Parquet está dañado, cortado o cifrado.",
        "un archivo Parquet entero",
        "Escriba de nuevo el archivo Parquet.",
        "El archivo Parquet no se puede leer.",
    ),
    "parquet-type": Words(
        "Una columna del archivo Parquet contiene listas, estructuras o bytes donde hacen falta valores simples.",
        "una columna de texto, números, fechas o booleanos",
        "Escriba *{column}* con valores simples.",
        "La columna *{column}* es de tipo {found}.",
    ),
    "undecodable-bytes": Words(
        "Bytes que no son texto ni en UTF-8 ni en la página de códigos de esta carpeta. Se podrían leer de varias "
        "maneras, así que no se elige ninguna.",
        "texto en {encoding}",
        "Guarde el archivo como UTF-8 (en Excel: *CSV UTF-8*). En UTF-8: {utf8}; en {other}: {reading}.",
        "Los bytes {found} de la línea {line} no son {expected}.",
    ),
    "mixed-encodings": Words(
        "Una parte del archivo es UTF-8 y otra no: se juntaron dos archivos con codificaciones distintas.",
        "una sola codificación en todo el archivo",
        "Guarde todas las partes como UTF-8 antes de juntarlas. En UTF-8: {utf8}; en {other}: {reading}.",
        "El archivo mezcla dos codificaciones: {found}, primero en la línea {line}.",
    ),
    "checksum-differs": Words(
        "La suma de comprobación del archivo no es la que se anunció.",
        "el SHA-256 {expected}",
        "Envíe de nuevo el archivo y su suma de comprobación.",
        "El archivo no es aquel cuya suma de comprobación se anunció.",
    ),
    "utf16-without-mark": Words(
        "El texto parece UTF-16 o UTF-32 sin marca de orden de bytes.",
        "UTF-8, o UTF-16 con marca de orden de bytes",
        "Guarde el archivo como UTF-8 (en Excel: *CSV UTF-8*).",
        "El archivo parece UTF-16 sin marca de orden de bytes.",
    ),
    "nul-byte": Words(
        "El archivo contiene bytes NUL, como los archivos dañados o a medio escribir.",
        "texto sin bytes NUL",
        "Exporte de nuevo el archivo; la copia o el disco de origen pueden estar dañados.",
        "El archivo contiene bytes NUL, primero en la línea {line}.",
    ),
    "no-header": Words(
        "Las primeras filas contienen valores, no los nombres de las columnas.",
        "un encabezado con las columnas {names}",
        "Ponga sobre los valores una primera fila con los nombres de las columnas. La primera fila es: {found}",
        "El archivo no tiene encabezado.",
    ),
    "missing-column": Words(
        "Falta en el encabezado una columna que el modelo necesita.",
        "una columna *{column}*",
        "Añada la columna *{column}*.{suggestion} El encabezado es: {found}",
        "Falta la columna *{column}*.",
    ),
    "header-spelling": Words(
        "La columna está, pero su nombre difiere en mayúsculas, espacios, acentos o guiones.",
        "*{column}*",
        'Cambie `{found}` por `{column}`, o pida al operador `header = "forgiving"` para esta carpeta.',
        "El encabezado dice `{found}` donde se espera *{column}*.",
    ),
    "duplicate-header": Words(
        "Dos columnas tienen el mismo nombre, así que no está claro cuál se quiere.",
        "cada nombre una vez",
        "Cambie o quite una de las columnas llamadas `{found}`.",
        "El encabezado tiene más de una vez el nombre `{found}`.",
    ),
    "blank-header": Words(
        "Una columna no tiene nombre.",
        "un nombre sobre cada columna",
        "Dé un nombre a la columna, o quítela. Pasa tal cual como `{found}`.",
        "Una columna no tiene nombre y pasa tal cual como `{found}`.",
    ),
    "ambiguous-delimiter": Words(
        "El encabezado se puede leer igual de bien con dos separadores.",
        "un solo separador entre todas las celdas",
        "Guarde el archivo con un solo separador, o ponga la línea `sep=;` (con su separador) sobre el encabezado.",
        "No está claro qué separador hay entre las celdas: {found}.",
    ),
    "rows-above-header": Words(
        "Una fila sobre el encabezado parece de datos. Se perdería, así que el archivo se rechaza.",
        "el encabezado sobre todas las filas",
        "Ponga el encabezado arriba (al ordenar la tabla pudo moverse), o quite lo que haya encima.",
        "El encabezado está debajo de filas que parecen de datos.",
    ),
    "no-rows": Words(
        "Hay un encabezado, pero ninguna fila debajo.",
        "al menos una fila",
        "Revise el filtro de su exportación y guarde de nuevo la tabla.",
        "El archivo tiene encabezado y ninguna fila.",
    ),
    "header-width": Words(
        "Todas las filas tienen otro número de celdas que el encabezado, así que celdas y nombres no se "
        "corresponden. `write.table` de R lo hace cuando escribe nombres de fila.",
        "{expected_cells} celdas en cada fila, como en el encabezado",
        "Escriba el archivo de modo que cada columna tenga nombre (en R: `row.names = FALSE`).",
        "Todas las filas tienen {found} celdas donde debería haber {expected}.",
    ),
    "bare-quote": Words(
        "Hay unas comillas en medio de una celda, o texto tras las comillas de cierre. No es seguro dónde acaban "
        "las celdas.",
        'una celda con comillas va entera entre comillas, y cada una de las suyas doblada: "5"" pipe"',
        "Guarde de nuevo el archivo con un programa que entrecomille las celdas, o quite las comillas.",
        "Hay unas comillas en medio de una celda en la línea {line}.",
    ),
    "unclosed-quote": Words(
        "Se abren unas comillas y no se cierran nunca. Todo lo que sigue sería una sola celda.",
        "unas comillas de cierre antes del siguiente separador",
        "Cierre o quite las comillas de esta fila.",
        "En la línea {line} se abren unas comillas que no se cierran nunca.",
    ),
    "backslash-escape": Words(
        "Las comillas van precedidas de una barra inversa, como hacen MySQL y algunos programas. En CSV se doblan; "
        "ambas lecturas juntas desplazarían celdas.",
        'las comillas de una celda dobladas: "5"" pipe"',
        "Exporte el archivo con comillas dobladas (MySQL: `ESCAPED BY '\"'`).",
        "En la línea {line} hay unas comillas precedidas de una barra inversa.",
    ),
    "cut-off": Words(
        "La última fila acaba a medias: el archivo se cortó, y pueden faltar filas.",
        "{expected_cells} celdas y un final de línea",
        "Copie o exporte de nuevo el archivo hasta que esté entero.",
        "El archivo está cortado en su última fila.",
    ),
    "final-newline-missing": Words(
        "La última línea no tiene final, así que la última celda puede estar cortada.",
        "un final de línea tras la última fila",
        "Revise la última celda: {found}",
        "La última línea no tiene final; la última celda dice {found}.",
    ),
    "final-newline-required": Words(
        "La última línea no tiene final, y esta carpeta lo exige: el archivo puede estar cortado.",
        "un final de línea tras la última fila",
        "Exporte de nuevo el archivo de modo que la última línea acabe como las demás. La última celda dice {found}.",
        "La última línea no tiene final; la última celda dice {found}.",
    ),
    "lone-return": Words(
        "Hay un retorno de carro suelto entre líneas que acaban de otro modo. En una tabla de una columna no está "
        "claro si acaba una fila.",
        "un solo tipo de final de línea",
        "Guarde de nuevo el archivo con un solo tipo de final de línea.",
        "Hay un retorno de carro suelto en la línea {line}.",
    ),
    "blank-rows-at-end": Words(
        "Se omitieron filas sin contenido al final del archivo.",
        "ninguna fila debajo de la tabla",
        "No hace falta hacer nada. Si borra esas filas en la hoja de cálculo, no aparecerán.",
        "Se omitieron filas sin contenido al final: {found}.",
    ),
    "undecided-decimal": Words(
        "La carpeta deja que la columna entera decida entre punto y coma decimal, pero ninguna celda lo hace.",
        "al menos un número que solo se pueda leer de una manera",
        "Escriba un número con decimales, o pida al operador que fije `decimal` para esta carpeta. `{found}` es "
        "{point} con punto y {comma} con coma.",
        "No está claro cómo están escritos los números de *{column}*, como `{found}`.",
    ),
    "contradicting-decimal": Words(
        "Unos números de la columna llevan punto decimal y otros coma decimal.",
        "una sola notación en toda la columna",
        "Escriba igual todos los números de *{column}*. `{point}` necesita punto; `{comma}`, coma.",
        "*{column}* mezcla puntos y comas decimales, como `{found}`.",
    ),
    "undecided-dates": Words(
        "La carpeta deja que la columna entera decida el orden de día y mes, pero ninguna celda lo hace.",
        "al menos una fecha que solo se pueda leer de una manera",
        "Escriba las fechas como 2026-04-03, o pida al operador que fije `dates` para esta carpeta. `{found}` es "
        "{first} o {second}.",
        "No está claro cómo están escritas las fechas de *{column}*, como `{found}`.",
    ),
    "contradicting-dates": Words(
        "Unas fechas de la columna empiezan por el día y otras por el mes.",
        "una sola notación en toda la columna",
        "Escriba igual todas las fechas de *{column}*, mejor como 2026-04-03. `{first}` y `{second}` se contradicen.",
        "*{column}* mezcla el orden de día y mes, como `{found}`.",
    ),
}
