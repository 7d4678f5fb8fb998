import pytest

from workbench import theme

MODES = ("light", "dark")
PLACES = ("page", "card")


def luminance(color):
    """Return the relative luminance of ``#rrggbb`` (WCAG 2.2)."""
    parts = [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(a, b):
    low, high = sorted((luminance(a), luminance(b)))
    return (high + 0.05) / (low + 0.05)


def texts(name):
    yield from theme.POPULATION_COLORS[name]
    yield from theme.TEXT[name].values()
    yield theme.PROBLEM[name]
    yield theme.ACCENT[name]


def test_the_formula_gives_21_for_black_on_white():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize(
    ("name", "color"), [(name, color) for name in MODES for color in texts(name)]
)
def test_what_is_read_has_a_contrast_of_4_5(name, color, place):
    assert contrast(color, theme.SURFACES[name][place]) >= 4.5


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("name", MODES)
def test_the_ghost_line_has_a_contrast_of_3(name, place):
    assert contrast(theme.GHOST[name], theme.SURFACES[name][place]) >= 3


@pytest.mark.parametrize("name", MODES)
def test_text_on_the_accent_can_be_read(name):
    primary = theme.MATERIAL[name]["palette"]["primary"]
    assert contrast(primary["main"], primary["contrastText"]) >= 4.5


@pytest.mark.parametrize("name", MODES)
def test_no_two_populations_look_the_same(name):
    colors = theme.POPULATION_COLORS[name]
    assert len(set(colors)) == len(colors)


@pytest.mark.parametrize("name", MODES)
def test_red_and_grey_are_no_populations(name):
    colors = theme.POPULATION_COLORS[name]
    assert theme.PROBLEM[name] not in colors
    assert theme.GHOST[name] not in colors


def test_a_population_has_a_colour_in_both_modes():
    assert len(theme.POPULATION_COLORS["light"]) == len(theme.POPULATION_COLORS["dark"])


@pytest.mark.parametrize("dark", [False, True])
def test_colours_come_round_again(dark):
    count = len(theme.POPULATION_COLORS["light"])
    first = theme.population_color(0, dark)
    assert theme.population_color(count, dark) == first
    assert theme.population_color(1, dark) != first


def test_the_mode_chooses_the_set():
    assert (theme.mode(False), theme.mode(True)) == ("light", "dark")
    assert theme.population_color(2, True) == theme.POPULATION_COLORS["dark"][2]


@pytest.mark.parametrize("name", MODES)
def test_the_material_theme_uses_the_same_colours(name):
    palette = theme.MATERIAL[name]["palette"]
    assert palette["background"]["paper"] == theme.SURFACES[name]["card"]
    assert palette["text"]["primary"] == theme.TEXT[name]["main"]
    assert palette["error"]["main"] == theme.PROBLEM[name]
