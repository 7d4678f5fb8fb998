"""A selection that survives messages about options that are gone."""

from typing import Any

import panel_material_ui as pmui


class Select(pmui.Select):
    """`panel_material_ui.Select` that drops what the browser says too late.

    A population may be renamed or deleted while the browser still reports that it was
    chosen; Panel raises ValueError for a value that is not among the options.
    """

    def _process_property_change(self, props: dict[str, Any]) -> dict[str, Any]:
        known = {str(value) for value in (*self.values, *self.labels, "")}
        if str(props.get("value", "")) not in known:
            props = {name: value for name, value in props.items() if name != "value"}
        found: dict[str, Any] = super()._process_property_change(props)
        return found
