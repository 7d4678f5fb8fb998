"""Stand-in of `grenade.execution`: commands of the user during a run."""

from core.errors import NotEmulatedError


class ExecutionInstanceHooks:
    """Commands before, during and after a run; the emulator knows none.

    :raises NotEmulatedError: if there is one
    """

    def __init__(self, *hooks: object, **named: object) -> None:
        if any(hook for hook in (*hooks, *named.values())):
            raise NotEmulatedError(
                "ExecutionInstanceHooks",
                "the emulated chip does not run playback commands.",
                "Leave the hooks empty.",
            )

    def empty(self) -> bool:
        """Return whether there are no commands: there never are."""
        return True
