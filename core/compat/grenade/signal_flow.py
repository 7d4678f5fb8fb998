"""Stand-in of `grenade.signal_flow`: what goes into a run."""


class InputData:
    """Inputs of a run that was written by hand; the emulator reads none."""
