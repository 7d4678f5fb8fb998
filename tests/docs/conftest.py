"""The browser of the tests of the page serves those of the documentation, too."""

from tests.ui.conftest import browser_type_launch_args

__all__ = ["browser_type_launch_args"]
