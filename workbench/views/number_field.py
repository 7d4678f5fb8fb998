"""Fields for numbers that are typed, or stepped with the arrow keys.

Those of Panel, because the Material ones take only the first Enter; without its two
tiny buttons, which have no name for a screen reader.
"""

from typing import ClassVar

import panel as pn

STYLE = ".bk-spin-btn { display: none !important; }"


class WholeField(pn.widgets.IntInput):
    """A whole number."""

    _stylesheets: ClassVar[list[str]] = [*pn.widgets.IntInput._stylesheets, STYLE]


class NumberField(pn.widgets.FloatInput):
    """A number."""

    _stylesheets: ClassVar[list[str]] = [*pn.widgets.FloatInput._stylesheets, STYLE]
