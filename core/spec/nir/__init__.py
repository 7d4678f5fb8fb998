"""Networks and NIR graphs, piece by piece; `core.spec.nir_io` is the way in.

=============  ====================================================================
`times`        the factor between file numbers and chip seconds
`support`      which node types are known, with their limits: the table of the docs
`flat`         graphs in graphs become one, `groups` the other way
`operators`    what convolutions, pools and matrices do to spikes, and their shapes
`fold`         chains of operators between two populations become one matrix
`neurons`      the numbers of neuron nodes, `numbers` the other way
`shapes`       the shape of each population
`graph`        all of these: what is in a graph, or why it cannot be read
`currents`     biases become constant currents
`conventions`  what a report says of steps, resets and loops, `limits` of the chip
`report`       what was read, assumed, folded, approximated, and has no place
`read`         what was found becomes a network and a report
`write`        a network becomes a graph
=============  ====================================================================
"""
