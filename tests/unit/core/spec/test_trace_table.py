"""Tables of recorded potentials: what is read, and how the rest is refused."""

import io

import numpy as np
import pytest

from core.errors import ConversionError
from core.spec.trace_table import traces_from_csv, traces_from_npz
from core.units import us


def test_a_table_of_a_lab_is_read_in_seconds_and_in_order():
    (trace,) = traces_from_csv("# MADC\n\ntime_us, madc\n2,305\n1,300\n")
    assert trace.lsb
    assert trace.time.tolist() == pytest.approx([1 * us, 2 * us])
    assert trace.values.tolist() == [300, 305]


def test_what_the_membrane_plot_saves_is_several_traces():
    text = (
        "trace,neuron,time_us,value_model\nmodel,3,0,0.5\nCADC,3,0,0.6\nmodel,3,1,1\n"
    )
    model, cadc = traces_from_csv(text)
    assert (model.name, model.neuron, model.lsb) == ("model", 3, False)
    assert (model.values.tolist(), cadc.name) == ([0.5, 1.0], "CADC")


def test_npz_holds_the_same_columns():
    file = io.BytesIO()
    np.savez(file, time_s=np.array([0.0, 1e-6]), value_lsb=np.array([80, 81]))
    (trace,) = traces_from_npz(file.getvalue())
    assert (trace.neuron, trace.values.tolist()) == (0, [80.0, 81.0])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "its columns are nothing"),
        ("time,value\n1,2\n", "its columns are time, value"),
        ("time_s,value\n1\n", "row 2"),
        ("time_s,value\n1,2,3\n", "row 2"),
        ("time_s,value\n1,x\n", "no number"),
        ("time_s,value\n1,nan\n", "are none"),
        ("time_s,value,neuron\n1,1,1e300\n", "too large"),
        ("time_s,value\n", "it holds no sample"),
    ],
)
def test_a_table_that_is_none_says_why(text, said):
    with pytest.raises(ConversionError, match=said):
        traces_from_csv(text)


def test_columns_of_unequal_length_are_refused():
    file = io.BytesIO()
    np.savez(file, time_s=np.zeros(3), value=np.zeros(2))
    with pytest.raises(ConversionError, match="2, 3 entries"):
        traces_from_npz(file.getvalue())
