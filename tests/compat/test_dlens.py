"""Coordinates, values of registers, and configuration containers."""

import pickle

import numpy as np
import pytest

from core.chip.neuron_block import NeuronSettings
from core.compat.dlens import hal, halco, lola, sta
from core.errors import HXError, ParameterError
from core.observables import ReadoutSource
from core.utils.calib_helper import nightly_calib_path


def test_coordinates_are_made_of_their_parts():
    bus = halco.PADIBusOnDLS(
        halco.PADIBusOnPADIBusBlock(3), halco.PADIBusBlockOnDLS.bottom
    )
    assert bus.toEnum().value() == 7
    assert bus.toPADIBusBlockOnDLS() == halco.PADIBusBlockOnDLS.bottom
    assert halco.PADIBusOnDLS(7) == bus
    assert halco.PADIBusOnDLS(halco.common.Enum(7)) == bus
    assert hash(bus) == hash(halco.PADIBusOnDLS(7))
    assert pickle.loads(pickle.dumps(bus)) == bus


@pytest.mark.parametrize(
    ("kind", "size"),
    [
        ("AtomicNeuronOnDLS", 512),
        ("SynapseRowOnDLS", 512),
        ("SynapseDriverOnDLS", 256),
        ("SynapseDriverOnPADIBus", 32),
        ("PADIBusOnPADIBusBlock", 4),
        ("PADIBusOnDLS", 8),
        ("SynapticInputOnNeuron", 2),
        ("CrossbarNodeOnDLS", 240),
        ("NeuronEventOutputOnDLS", 8),
        ("EnumRanged_256_", 256),
        ("NeuronLabel", 16384),
        ("SpikeLabel", 65536),
    ],
)
def test_kinds_have_the_sizes_of_the_chip(kind, size):
    kind = getattr(halco, kind)
    assert kind.size == size
    assert kind.max == size - 1
    with pytest.raises(RuntimeError):
        kind(size)


def test_all_coordinates_can_be_run_through():
    buses = list(halco.iter_all(halco.PADIBusOnDLS))
    assert len(set(buses)) == 8
    assert buses == sorted(buses)


def test_a_label_has_an_address_and_a_neuron():
    label = halco.SpikeLabel((2 << 14) + 70)
    assert label.get_spl1_address() == halco.SPL1Address(2)
    assert label.get_neuron_label() == halco.NeuronLabel(70)
    assert label.get_synapse_label() == halco.SynapseLabel(6)


@pytest.mark.parametrize("address", [0, 1, 3])
@pytest.mark.parametrize("neuron", [0, 1, 2**6, 2**13, 2**14 - 1])
def test_each_bit_of_a_label_belongs_to_one_part(address, neuron):
    label = halco.SpikeLabel((address << 14) + neuron)
    assert label.get_spl1_address() == halco.SPL1Address(address)
    assert label.get_neuron_label() == halco.NeuronLabel(neuron)
    assert label.get_synapse_label() == halco.SynapseLabel(neuron % 64)


def test_values_of_registers_are_numbers_of_a_range():
    assert hal.CapMemCell.Value(500) == 500
    assert hal.CapMemCell.Value.max == 1022
    assert hal.NeuronConfig.MembraneCapacitorSize.max == 63
    assert lola.SynapseWeightMatrix.Value.max == 63
    assert hal.Timer.Value(10 * hal.Timer.Value.fpga_clock_cycles_per_us) == 1250
    assert hal.PPUMemoryWord(hal.PPUMemoryWord.Value(3)).value == 3
    assert len(hal.PPUMemoryBlock(halco.PPUMemoryBlockSize(4)).words) == 4
    assert hal.PPUMemoryBlock([1, 2]).words == [1, 2]
    with pytest.raises(ParameterError):
        hal.CapMemCell.Value(1023)


def test_row_modes_and_readout_sources_are_told_apart():
    modes = hal.SynapseDriverConfig.RowMode
    assert modes.excitatory != modes.inhibitory
    assert hal.NeuronConfig.ReadoutSource.membrane is ReadoutSource.VOLTAGE
    assert hal.NeuronConfig.ReadoutSource.adaptation is ReadoutSource.ADAPTATION
    assert isinstance(hal.CrossbarNode.drop_all, hal.CrossbarNode)


@pytest.mark.parametrize("value", [700, hal.CapMemCell.Value(700), np.int64(700)])
def test_a_chip_is_set_through_its_containers(value):
    chip = lola.Chip()
    coordinate = halco.AtomicNeuronOnDLS(halco.NeuronColumnOnDLS(4), 1)
    neuron = chip.neuron_block.atomic_neurons[coordinate]
    neuron.leak.i_bias = value
    neuron.constant_current.type = lola.AtomicNeuron.ConstantCurrent.Type.sink
    neuron.constant_current.i_offset = value
    neuron.constant_current.enable = True
    neuron.readout.source = lola.AtomicNeuron.Readout.Source.membrane
    settings = chip.neuron_block.settings
    assert isinstance(settings, NeuronSettings)
    assert settings.codes["tau_mem"][260] == 700
    assert settings.constant_current[260] == -700
    assert int(neuron.leak.i_bias) == neuron.leak.i_bias.value() == 700


def test_the_bypass_chip_is_a_chip():
    assert lola.Chip.default_neuron_bypass.bypass
    assert isinstance(lola.Chip.default_neuron_bypass, lola.Chip)


def test_a_stored_calibration_is_read_through_a_dumper(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    dumper = sta.DumperDone()
    with pytest.raises(HXError, match="holds no configuration"):
        sta.convert_to_chip(dumper)
    sta.from_portablebinary(dumper, nightly_calib_path().read_bytes())
    chip = sta.convert_to_chip(dumper)
    assert (chip.neuron_block.settings.codes["leak"] >= 0).all()
