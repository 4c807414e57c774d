"""Notes on cells, written for thousands of them at once: the texts and their boxes (Excel still wants VML)."""

from __future__ import annotations

from collections.abc import Mapping

from openpyxl.utils import get_column_letter

from dropscore.workbook.xmltext import escaped

_NOTE_LIMIT = 2_000
_BLOCK = 1_024  # shape numbers come in blocks, and the drawing names the blocks that it uses
_WIDTH = 38  # characters of a line in a box, about
_COLUMNS_WIDE = 3

_HEAD = (
    '<xml xmlns:v="urn:schemas-microsoft-com:vml" xmlns:o="urn:schemas-microsoft-com:office:office"'
    ' xmlns:x="urn:schemas-microsoft-com:office:excel"><o:shapelayout v:ext="edit"><o:idmap v:ext="edit" data="{}"/>'
    '</o:shapelayout><v:shapetype id="_x0000_t202" coordsize="21600,21600" o:spt="202"'
    ' path="m,l,21600r21600,l21600,xe">'
    '<v:stroke joinstyle="miter"/><v:path gradientshapeok="t" o:connecttype="rect"/></v:shapetype>'
)
_BOX = (
    '<v:shape id="_x0000_s{shape}" type="#_x0000_t202" style="position:absolute;width:230pt;height:{height}pt;'
    'z-index:{number};visibility:hidden" fillcolor="#ffffe1" o:insetmode="auto"><v:fill color2="#ffffe1"/>'
    '<v:shadow on="t" color="black" obscured="t"/><v:path o:connecttype="none"/>'
    '<v:textbox style="mso-direction-alt:auto"><div style="text-align:left"></div></v:textbox>'
    '<x:ClientData ObjectType="Note"><x:MoveWithCells/><x:SizeWithCells/><x:Anchor>{left},15,{top},4,{right},15,'
    "{bottom},4</x:Anchor><x:AutoFill>False</x:AutoFill><x:Row>{row}</x:Row><x:Column>{column}</x:Column>"
    "</x:ClientData></v:shape>"
)

Notes = Mapping[tuple[int, int], str]
"""(row, column), both from 1, to the text of the note: one for each cell, or Excel calls the file broken."""


def notes_xml(notes: Notes) -> bytes:
    """Return the part with the texts."""
    found = [
        f'<comment ref="{get_column_letter(column)}{row}" authorId="0" shapeId="0"><text><t xml:space="preserve">'
        f"{escaped(text, _NOTE_LIMIT)}</t></text></comment>"
        for (row, column), text in sorted(notes.items())
    ]
    return (
        '<comments xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><authors><author>Dropscore'
        f"</author></authors><commentList>{''.join(found)}</commentList></comments>"
    ).encode()


def boxes_xml(notes: Notes, first_block: int) -> bytes:
    """Return the part with the boxes. Shape numbers begin in `first_block`, which no other sheet may use."""
    blocks = range(first_block, first_block + blocks_of(notes))
    found = [_HEAD.format(",".join(map(str, blocks)))]
    for number, ((row, column), text) in enumerate(sorted(notes.items()), start=1):
        lines = sum(1 + len(line) // _WIDTH for line in text[:_NOTE_LIMIT].split("\n"))
        found.append(
            _BOX.format(
                shape=first_block * _BLOCK + number,
                number=number,
                height=12 + 13 * lines,
                left=column,
                right=column + _COLUMNS_WIDE,
                top=max(row - 2, 0),
                bottom=max(row - 2, 0) + lines + 1,
                row=row - 1,
                column=column - 1,
            )
        )
    return ("".join(found) + "</xml>").encode()


def blocks_of(notes: Notes) -> int:
    """Return how many blocks of shape numbers these notes need."""
    return len(notes) // _BLOCK + 1
