"""How rows become files: written in parts that can be gone on with, finished into one file, put into place whole.

Memory is that of one page of rows, whatever the file's size.
"""

from extracted.reporting.writing.files import Store, store
from extracted.reporting.writing.formats import FORMATS, Format
from extracted.reporting.writing.parts import Sheet, Writer

__all__ = ["FORMATS", "Format", "Sheet", "Store", "Writer", "store"]
