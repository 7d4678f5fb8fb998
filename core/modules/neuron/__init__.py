"""Neurons."""

from core.modules.neuron.aelif import AELIF
from core.modules.neuron.eventprop import EventPropLIF
from core.modules.neuron.exp import NeuronExp, ReadoutNeuronExp
from core.modules.neuron.li import LI
from core.modules.neuron.lif import LIF

__all__ = ["AELIF", "LI", "LIF", "EventPropLIF", "NeuronExp", "ReadoutNeuronExp"]
