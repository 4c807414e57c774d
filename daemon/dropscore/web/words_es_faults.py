"""Spanish, where something did not work."""

from __future__ import annotations

FAULTS: dict[str, str] = {
    "A drop is named by its route and its name.": "Un archivo se nombra por su ruta y su nombre.",
    "A field of this form is too large.": "Un campo de este formulario es demasiado grande.",
    "A name has letters, digits, and . _ @ - and at most 64 of them.": (
        "Un nombre tiene letras, cifras y . _ @ - y como mucho 64."
    ),
    "A token has a name of at most 64 characters.": "Una clave tiene un nombre de como mucho 64 caracteres.",
    "Choose a list first: in this one, files cannot be changed all at once.": (
        "Elija primero una lista: en esta no se pueden cambiar todos los archivos a la vez."
    ),
    "Choose at least one file.": "Elija al menos un archivo.",
    "Choose at least one route.": "Elija al menos una ruta.",
    "Days are a whole number.": "Los días son un número entero.",
    "No file was selected that you may change.": "No se eligió ningún archivo que pueda cambiar.",
    "No longer here": "Ya no está aquí",
    "Not allowed": "No permitido",
    "Not available right now": "No disponible ahora mismo",
    "Not here": "No está aquí",
    "Not only cells are wrong: mend it in the fix workbook.": (
        "No solo hay celdas mal: corríjalo en el libro de corrección."
    ),
    "Nothing was changed.": "No se cambió nada.",
    "Only a file that was checked can be scored so.": "Solo un archivo comprobado se puede puntuar así.",
    "Only its sender or an operator may do that.": "Eso solo puede hacerlo quien lo envió u operación.",
    "Only text files can be mended here: mend it in the fix workbook.": (
        "Aquí solo se corrigen archivos de texto: corríjalo en el libro de corrección."
    ),
    "Send files as multipart/form-data.": "Envíe los archivos como multipart/form-data.",
    "That cannot be undone.": "Eso no se puede deshacer.",
    "That did not work": "Eso no funcionó",
    "That would leave nobody who can look after the users: make somebody else an admin first.": (
        "Así no quedaría nadie que cuide de los usuarios: dé antes la administración a otra persona."
    ),
    "The checked file is no longer as it was: upload it again.": (
        "El archivo comprobado ya no está como estaba: súbalo de nuevo."
    ),
    "The daemon has taken it already.": "El servicio ya lo ha tomado.",
    "The file does not read here as it did for the check: mend it in the fix workbook.": (
        "El archivo no se lee aquí como en la comprobación: corríjalo en el libro de corrección."
    ),
    "The file has no name.": "El archivo no tiene nombre.",
    "The file is too large to be mended here: mend it in the fix workbook.": (
        "El archivo es demasiado grande para corregirlo aquí: hágalo en el libro de corrección."
    ),
    "The file's name is too long.": "El nombre del archivo es demasiado largo.",
    "The form cannot be read: it is damaged or cut off.": ("El formulario no se puede leer: está dañado o incompleto."),
    "The name or the password is wrong.": "El nombre o la contraseña no son correctos.",
    "The old password is wrong.": "La contraseña actual no es correcta.",
    "There are too many bad cells to mend here: mend them in the fix workbook.": (
        "Hay demasiadas celdas mal para corregirlas aquí: hágalo en el libro de corrección."
    ),
    "There is no template yet. The daemon makes it.": "Todavía no hay plantilla. La hace el servicio.",
    "There is no such action.": "No existe esa acción.",
    "There is no such choice.": "No existe esa opción.",
    "There is no such job.": "No existe ese trabajo.",
    "There is no such request.": "No existe esa petición.",
    "There is no such request: the daemon may have taken it.": (
        "No existe esa petición: quizá el servicio ya la haya tomado."
    ),
    "There is no such role.": "No existe esa función.",
    "There is no such route.": "No existe esa ruta.",
    "There is no such upload.": "No existe esa subida.",
    "There is nothing to mend.": "No hay nada que corregir.",
    "This file has been mended, archived or deleted already.": ("Este archivo ya se corrigió, se archivó o se borró."),
    "This file has been taken away from its folder.": "Este archivo ya se retiró de su carpeta.",
    "This file lies in the trash. Bring the job back first.": (
        "Este archivo está en la papelera. Recupere antes el trabajo."
    ),
    "This form cannot be read.": "Este formulario no se puede leer.",
    "This form has too many fields.": "Este formulario tiene demasiados campos.",
    "This form is too large.": "Este formulario es demasiado grande.",
    "This is a fault of Dropscore itself. The log of the panel says more.": (
        "Es un fallo de Dropscore mismo. El registro del panel dice más."
    ),
    "This job has no such file.": "Este trabajo no tiene ese archivo.",
    "This link is no longer good": "Este enlace ya no sirve",
    "This link is no longer good. Ask for a new one.": "Este enlace ya no sirve. Pida uno nuevo.",
    "This password is too easily guessed. Several words in a row make a good one.": (
        "Esta contraseña es demasiado fácil de adivinar. Varias palabras seguidas hacen una buena."
    ),
    "Too many failed logins. Try again in {n} seconds.": (
        "Demasiados intentos fallidos. Inténtelo de nuevo en {n} segundos."
    ),
    "Too many of your uploads wait for the daemon already.": "Ya esperan al servicio demasiadas subidas suyas.",
    "Too many pages are open. This one is not kept up to date.": (
        "Hay demasiadas páginas abiertas. Esta no se actualiza sola."
    ),
    "Your role does not allow this.": "Su función no lo permite.",
}
