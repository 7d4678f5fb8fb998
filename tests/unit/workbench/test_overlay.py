"""Files of recordings, and what an overlay draws of them and says about them."""

import io

import numpy as np
import pytest

from core.errors import ConversionError
from core.simulate import simulate
from core.spec.examples import first_steps
from core.units import us
from workbench.measured_file import read_measured
from workbench.overlay import Overlay
from workbench.recorded import nir_data


@pytest.fixture(scope="module")
def run():
    spec = first_steps()
    return spec, simulate(spec)


def opened(name, raw):
    overlay = Overlay()
    overlay.take(read_measured(name, raw))
    return overlay


def test_samples_of_a_converter_lie_on_the_model_in_both_units(run):
    spec, result = run
    population, found = spec.network.population("hidden"), result.populations["hidden"]
    values = population.scale.offset + population.scale.gain * found.membrane.values
    rows = zip(found.membrane.time / us, values[:, 2], strict=True)
    text = "time_us,value_lsb\n" + "\n".join(f"{t},{v}" for t, v in rows)
    overlay = opened("cadc.csv", text.encode())
    for lsb, close in ((False, 1e-5), (True, 1e-3)):  # written as float32
        (left,) = overlay.residuals(population, found, 2, lsb=lsb)
        assert left.kind == "model"
        assert left.rms < close
    overlay.offset = population.scale.gain * 0.25
    (left,) = overlay.residuals(population, found, 2, lsb=False)
    assert left.rms == pytest.approx(0.25, rel=1e-3)


def test_our_own_nir_data_hold_spikes_and_membranes(run):
    spec, result = run
    overlay = opened("run.nir", nir_data(result))
    assert {r.name for r in overlay.spikes} == {"input", "hidden"}
    names = [trace.name for trace in overlay.traces]
    assert "hidden, membrane" in names
    overlay.chosen = names.index("hidden, membrane") + 3
    assert overlay.trace.neuron == 3
    population, found = spec.network.population("hidden"), result.populations["hidden"]
    (left,) = overlay.residuals(population, found, 3, lsb=False)
    assert left.rms < 1e-5  # written as float32
    pairs = overlay.pairs(result, "hidden")["hidden"]
    assert pairs.count == pairs.recorded == pairs.found
    overlay.remove()
    assert not overlay.is_open
    assert overlay.pairs(result, "hidden") == {}


def test_spikes_without_a_name_are_those_of_the_shown_population(run):
    _, result = run
    overlay = opened("lab.csv", b"time_s,neuron\n1e-5,0\n2e-5,7\n3e-5,99\n")
    overlay.shift = 5 * us
    kept = overlay.spikes_of(result.populations["hidden"], "hidden")
    assert kept.times.tolist() == pytest.approx([15 * us, 25 * us])  # no neuron 99
    assert overlay.spikes_of(result.populations["input"], "hidden") is None


def test_a_second_file_replaces_only_what_it_has(run):
    overlay = opened("lab.csv", b"time_s,neuron\n1e-5,0\n")
    overlay.take(read_measured("madc.csv", b"time_us,madc\n0,1\n1,2\n"))
    assert (len(overlay.spikes), len(overlay.traces)) == (1, 1)
    assert overlay.names == ("lab.csv", "madc.csv")


@pytest.mark.parametrize(
    ("name", "raw", "said"),
    [
        ("a.txt", b"1", "holds no recording"),
        ("a.csv", b"time,volts\n1,2\n", "for spikes 'time_s,neuron'"),
        ("a.npz", b"PK\x03\x04", "damaged"),
        ("a.nir", b"\x89HDF\r\n\x1a\n" + bytes(100), "a.nir"),
        ("a.csv", b"\xff\xfe", "UTF-8"),
    ],
)
def test_what_is_no_recording_is_refused_by_the_child(name, raw, said):
    with pytest.raises(ConversionError) as caught:
        read_measured(name, raw)
    assert said in str(caught.value)


def test_objects_are_never_unpickled():
    file = io.BytesIO()
    np.savez(file, time_s=np.array([{}], object), value=np.zeros(1))
    with pytest.raises(ConversionError):
        read_measured("bad.npz", file.getvalue())
