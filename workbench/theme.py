"""Colours, sizes and the Material theme: one place for how the page looks."""

from typing import Any, Final

#: One colour per population, in this order; hues of Okabe and Ito without black and
#: yellow. The darker set has 4.5:1 on the light surfaces, the lighter on the dark ones.
POPULATION_COLORS: Final = {
    "light": ("#0977a9", "#b44800", "#007a59", "#a3447f", "#2f55b0", "#8f6200"),
    "dark": ("#62c3f5", "#ff8c42", "#2fc79c", "#e39ac4", "#7fa8ff", "#efb02e"),
}

#: The surfaces that text and lines stand on.
SURFACES: Final = {
    "light": {"page": "#f7f8fa", "card": "#ffffff", "line": "#d9dde3"},
    "dark": {"page": "#15171a", "card": "#1e2125", "line": "#3a3f46"},
}
TEXT: Final = {
    "light": {"main": "#1b1f24", "quiet": "#59626d"},
    "dark": {"main": "#e8eaed", "quiet": "#a4adb8"},
}
#: Grey is the past, red only for problems.
GHOST: Final = {"light": "#7e8791", "dark": "#7b848f"}
PROBLEM: Final = {"light": "#b3261e", "dark": "#ff8a80"}
ACCENT: Final = {"light": "#2b5c8a", "dark": "#8fbbe8"}

FONT: Final = "Roboto, Helvetica, Arial, sans-serif"
SMALL, BODY, LARGE = "12px", "14px", "18px"


def mode(dark: bool) -> str:
    """Return the name of the colour set."""
    return "dark" if dark else "light"


def population_color(index: int, dark: bool) -> str:
    """Return the colour of the population with this colour index."""
    colors = POPULATION_COLORS[mode(dark)]
    return colors[index % len(colors)]


def _palette(name: str) -> dict[str, Any]:
    return {
        "primary": {"main": ACCENT[name], "contrastText": SURFACES[name]["card"]},
        "error": {"main": PROBLEM[name]},
        "background": {
            "default": SURFACES[name]["page"],
            "paper": SURFACES[name]["card"],
        },
        "text": {"primary": TEXT[name]["main"], "secondary": TEXT[name]["quiet"]},
        "divider": SURFACES[name]["line"],
    }


def _components(name: str) -> dict[str, Any]:
    header: dict[str, Any] = {
        "backgroundImage": "none",
        "boxShadow": "none",
        "borderBottom": f"1px solid {SURFACES[name]['line']}",
    }
    title = {"color": f"{TEXT[name]['main']} !important", "fontSize": LARGE}
    header["& .title"] = {**title, "fontWeight": 500, "whiteSpace": "nowrap"}
    return {
        "MuiAppBar": {"styleOverrides": {"root": header, "colorPrimary": header}},
        "MuiToolbar": {"styleOverrides": {"root": {"gap": "4px"}}},
        # One that can be pointed at stays, and lies over the next button.
        "MuiTooltip": {"defaultProps": {"disableInteractive": True}},
        "MuiLinearProgress": {"defaultProps": {"aria-label": "progress"}},
    }


#: Theme of all Material components, one palette per colour mode.
MATERIAL: Final = {
    name: {
        "palette": _palette(name),
        "typography": {"fontSize": 13, "button": {"textTransform": "none"}},
        "shape": {"borderRadius": 6},
        "components": _components(name),
    }
    for name in ("light", "dark")
}

#: Makes the header a plain surface; with just these two values Panel Material leaves
#: the widgets in the header their own colours.
HEADER: Final = {
    ".MuiAppBar-root": {"bgcolor": "primary.contrastText", "color": "primary.main"},
    # The tools beside the plots open and close it.
    '[aria-label="Open contextbar"], [aria-label="Close contextbar"]': {
        "display": "none"
    },
}
