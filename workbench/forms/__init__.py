"""Forms: declared fields of the document become lines that a person can edit.

`lines` is the form of what is selected. A `Line` is made from the one declaration in
`core.spec`, in the units a person reads (µs instead of s), and knows how to put an
edited number back into the document.
"""

from workbench.forms.line import Each, Line, Scale
from workbench.forms.selected import lines
from workbench.forms.several import common_lines, subjects

__all__ = ["Each", "Line", "Scale", "common_lines", "lines", "subjects"]
