import subprocess
import sys

import pytest

import core.utils
from core.observables import ReadoutSource


def test_modules_are_attributes_without_being_imported():
    # In a process of its own: here other tests have imported them.
    code = (
        "import sys, core.utils\n"
        "assert 'core.utils.dynamic_range' not in sys.modules\n"
        "core.utils.from_nir.from_nir, core.utils.dynamic_range.boundary\n"
        "core.utils.MixinHXModelMapper, core.utils.calib_helper.nightly_calib_path\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_other_attributes_are_missing():
    with pytest.raises(AttributeError, match="has no attribute 'no_such'"):
        core.utils.no_such  # noqa: B018
    assert {"from_nir", "MixinHXModelMapper"} <= {*dir(core.utils)}


def test_the_readout_source_is_that_of_the_observables():
    assert core.utils.readout_source.ReadoutSource is ReadoutSource
