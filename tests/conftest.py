"""What all tests share: the stage, the seeds, and no test that is quietly skipped."""

import os

import numpy as np
import pytest
from hypothesis import settings

from tests.browser import find_browser

STAGE = os.environ.get("HX_STAGE", "full")
NO_SKIP = os.environ.get("HX_NO_SKIP") == "1"

# A first example may compile a kernel, and the machine may be busy. The quick stage of
# CI is a gate and says the same of the same code; everything else explores.
gate = NO_SKIP and STAGE == "quick"
settings.register_profile("hx", deadline=None, derandomize=gate)
settings.load_profile("hx")
BROWSER = find_browser()


def pytest_collection_modifyitems(config, items):
    """Leave slow tests to the full stage; say once if there is no browser."""
    slow = [item for item in items if item.get_closest_marker("slow")]
    if STAGE == "quick" and slow:
        config.hook.pytest_deselected(items=slow)
        items[:] = [item for item in items if item not in slow]
    if NO_SKIP:
        # A browser on a busy machine loses a click now and then. CI tries such a test
        # once more, on a new page, and names it in the summary (RERUN).
        for item in items:
            if item.get_closest_marker("ui"):
                item.add_marker(pytest.mark.flaky(reruns=1))
    if BROWSER is None and not NO_SKIP:
        missing = pytest.mark.skip(
            reason="browser tests did not run: install Chromium or Chrome "
            "(Debian: apt-get install chromium)"
        )
        for item in items:
            if item.get_closest_marker("ui"):
                item.add_marker(missing)


def pytest_sessionfinish(session, exitstatus):
    """Fail a CI run in which a test was skipped: it did not show anything."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if NO_SKIP and exitstatus == 0 and reporter and reporter.stats.get("skipped"):
        reporter.write_line("CI fails: tests were skipped (see above).", red=True)
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.fixture
def rng():
    return np.random.default_rng(1234)
