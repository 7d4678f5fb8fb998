"""What a new user does first, as docs/first_ten_minutes.md tells it."""

import re

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.ui
#: ms; nothing here depends on how fast the machine is.
PATIENCE = 60_000


def test_the_help_of_a_button_does_not_keep_the_next_one_from_being_clicked(bench):
    page = bench.page
    page.get_by_role("button", name="both", exact=True).click()
    chip = page.get_by_role("textbox", name="chip number")
    expect(chip).to_have_value("1", timeout=PATIENCE)
    new_chip = page.get_by_role("button", name="New chip")
    new_chip.click()
    expect(chip).not_to_have_value("1", timeout=PATIENCE)
    new_chip.hover()
    expect(page.get_by_role("tooltip").first).to_be_visible(timeout=PATIENCE)
    for name in ("New trial", "Rewind", "Run"):
        # Playwright refuses to click where something else would get the click
        page.get_by_role("button", name=re.compile(f"^{name}")).click(timeout=PATIENCE)
    bench.settled()


def test_a_letter_acts_although_the_button_that_was_clicked_has_the_focus(bench):
    page = bench.page
    rewind = page.get_by_role("button", name=re.compile("^Rewind"))
    rewind.click()
    expect(rewind).to_be_focused(timeout=PATIENCE)
    page.keyboard.press("e")
    demo = page.get_by_role("button", name="Leak over threshold")
    expect(demo).to_be_visible(timeout=PATIENCE)
    page.keyboard.press("Escape")
    expect(demo).not_to_be_visible(timeout=PATIENCE)
