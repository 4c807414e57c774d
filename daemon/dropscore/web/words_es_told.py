"""Spanish, for what the daemon tells: sentences with names and numbers in them, recognised by their words."""

from __future__ import annotations

TOLD: dict[str, str] = {
    "It was still changing. It is taken once it has stood still for {n} seconds.": (
        "Todavía cambiaba. Se toma cuando lleve {n} segundos sin cambiar."
    ),
    "A program still has it open for writing. It is taken once that program closes it.": (
        "Un programa todavía lo está escribiendo. Se toma cuando ese programa lo cierre."
    ),
    "{name}.done is not there yet. The sender lays it beside the file when it is complete.": (
        "{name}.done todavía no está. Quien envía lo deja junto al archivo cuando está completo."
    ),
    "{name}.sha256 is not there yet. The sender lays it beside the file.": (
        "{name}.sha256 todavía no está. Quien envía lo deja junto al archivo."
    ),
    "Its last line has no end: it may be cut off. It is taken {n} seconds later.": (
        "Su última línea no tiene final: puede estar incompleto. Se toma {n} segundos después."
    ),
    "It has a second name (a hard link). It is taken once it has only one.": (
        "Tiene un segundo nombre (un enlace duro). Se toma cuando tenga uno solo."
    ),
    "It is complete, and waits for its turn.": "Está completo y espera su turno.",
    "It is complete, and number {n} in the queue: its result is likely in about a second.": (
        "Está completo y es el número {n} de la cola: su resultado llegará en un segundo, más o menos."
    ),
    "It is complete, and number {n} in the queue: its result is likely in about {m} seconds.": (
        "Está completo y es el número {n} de la cola: su resultado llegará en unos {m} segundos."
    ),
    "It is complete, and number {n} in the queue: its result is likely in about {m} minutes.": (
        "Está completo y es el número {n} de la cola: su resultado llegará en unos {m} minutos."
    ),
    "It is not what its .sha256 says. It waits for a change, and is rejected if none comes.": (
        "No es lo que dice su .sha256. Espera un cambio y se rechaza si no llega ninguno."
    ),
    "It cannot be read: {why}. It is tried again by itself.": "No se puede leer: {why}. Se intenta de nuevo solo.",
    "The daemon may not read it. {how}": "El servicio no puede leerlo. {how}",
    "It cannot be taken now: {why}": "No se puede tomar ahora: {why}",
    "{name} was taken.": "{name} se ha tomado.",
    "It has been taken already.": "Ya se había tomado.",
    "{name} is tried again as {code}.": "{name} se intenta de nuevo como {code}.",
    "{name} is tried again.": "{name} se intenta de nuevo.",
    "{name} [{code}] is at work already.": "Ya se trabaja en {name} [{code}].",
    "The job is at work: wait until it is done.": "Se está trabajando en él: espere a que termine.",
    "The input of {name} is no longer here as it was: drop the file again.": (
        "La entrada de {name} ya no está como estaba: entregue el archivo de nuevo."
    ),
    "{name} [{code}] is archived: {n} files moved.": "{name} [{code}] está archivado: {n} archivos movidos.",
    "{name} [{code}] is trashed: {n} files moved.": "{name} [{code}] está en la papelera: {n} archivos movidos.",
    "{name} [{code}] is back: {n} files moved.": "{name} [{code}] está de vuelta: {n} archivos movidos.",
    "{name} [{code}] lies in the trash: bring it back first.": (
        "{name} [{code}] está en la papelera: recupérelo primero."
    ),
    "{name} [{code}] was removed for good on {day}.": "{name} [{code}] se eliminó para siempre el {day}.",
    "1 drop is taken: {names}.": "Se ha tomado 1 archivo: {names}.",
    "{n} drops are taken: {names}.": "Se han tomado {n} archivos: {names}.",
    "1 drop is next, as soon as there is room: {names}.": "1 archivo es el siguiente, en cuanto haya sitio: {names}.",
    "{n} drops are next, as soon as there is room: {names}.": (
        "{n} archivos son los siguientes, en cuanto haya sitio: {names}."
    ),
    "Not taken: {names}.": "Sin tomar: {names}.",
    "There is no {name} in the inbox of {routes}.": "No hay ningún {name} en la bandeja de {routes}.",
    "Nothing that could be taken lies in the inbox of {routes}.": (
        "En la bandeja de {routes} no hay nada que se pueda tomar."
    ),
    "The largest upload is {n} MB.": "La subida más grande es de {n} MB.",
    "At most {n} files at once.": "Como mucho {n} archivos a la vez.",
}
