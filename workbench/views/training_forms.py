"""The two forms of a training: its data and its settings, as far as they matter now."""

from collections.abc import Callable
from typing import Any, Final

import panel as pn
import panel_material_ui as pmui

from core.spec.fields import Spec
from core.training import DATA_SETS, TrainSpec
from workbench.forms import Line
from workbench.spec_lines import edited, spec_lines
from workbench.theme import ACCENT, PROBLEM, mode
from workbench.trainer import Trainer
from workbench.views.parameter_form import ParameterForm

_DATA: Final = {
    "data": (
        "shape",
        "noise",
        "channels",
        "patterns",
        "jitter",
        "train_size",
        "validation_size",
        "test_size",
    )
}
_MORE_DATA: Final = {
    "seeds": ("train_seed", "validation_seed", "test_seed", "pattern_seed"),
    "times": ("t_early", "t_late", "t_bias"),
}
_SETTINGS: Final = {
    "training": ("mode", "epochs", "batch_size", "learning_rate", "gradient")
}
_MORE_SETTINGS: Final = {
    "gradient": ("surrogate", "alpha"),
    "score and loss": (
        "decoder",
        "loss",
        "score_scale",
        "score_label",
        "score_others",
        "t_label",
        "t_others",
    ),
    "optimiser": ("optimiser", "momentum", "schedule", "decay", "decay_every"),
    "penalties": ("rate_penalty", "rate_target", "weight_penalty", "readout_penalty"),
    "weights and seeds": ("clip_weights", "keep_zeros", "seed", "class_map"),
}
#: Where sliders end, in what is shown; more can be typed.
_ENDS: Final = {
    "epochs": 50,
    "batch_size": 200,
    "learning_rate": 0.02,
    "train_size": 10_000,
    "validation_size": 5_000,
    "test_size": 5_000,
    "alpha": 200,
    "score_scale": 20,
    "t_early": 100,
    "t_late": 100,
    "t_bias": 100,
    "t_label": 100,
    "t_others": 100,
    "rate_penalty": 0.01,
    "weight_penalty": 0.01,
    "readout_penalty": 0.01,
    "rate_target": 10,
    "score_label": 10,
    "score_others": 10,
    "decay_every": 50,
    "class_map": 64,
}
_KIND: Final = "kind"


def matters(settings: TrainSpec) -> Callable[[str], bool]:
    """Return what says whether a field of ``settings`` has a meaning now."""
    squares = settings.loss == "mean square"
    timed = settings.decoder == "first spike"
    only = {
        "surrogate": settings.crossing is None,
        "alpha": settings.crossing is None,
        "score_scale": not squares,
        "score_label": squares and not timed,
        "score_others": squares and not timed,
        "t_label": squares and timed,
        "t_others": squares and timed,
        "momentum": settings.optimiser == "SGD",
        "decay": settings.schedule in ("exponential", "steps"),
        "decay_every": settings.schedule == "steps",
        "rate_target": settings.rate_penalty > 0,
    }
    return lambda name: only.get(name, True)


class TrainingForms(pn.viewable.Viewer):
    """Data left, settings right; what is rarely changed on demand."""

    def __init__(self, trainer: Trainer, **params: Any) -> None:
        super().__init__(**params)
        self.trainer = trainer
        self._data = ParameterForm(self._edit_data, sizing_mode="stretch_width")
        self._settings = ParameterForm(self._edit_settings, sizing_mode="stretch_width")
        self._all = pmui.Switch(label="all settings", value=False, margin=(4, 10))
        self._dark = False
        self._all.param.watch(lambda *_: self.draw(self._dark), "value")
        self._lines: dict[str, list[Line]] = {}

        def column(form: Any) -> Any:
            return pn.Column(
                form, min_width=250, margin=0, styles={"flex": "1 1 250px"}
            )

        self._view = pn.Column(
            pn.FlexBox(
                column(self._data),
                column(self._settings),
                gap="20px",
                align_items="start",
                sizing_mode="stretch_width",
                margin=(0, 10),
            ),
            self._all,
            sizing_mode="stretch_width",
            margin=0,
        )

    def __panel__(self) -> Any:
        return self._view

    @property
    def visible(self) -> bool:
        """Whether they are on the page."""
        return bool(self._view.visible)

    @visible.setter
    def visible(self, on: bool) -> None:
        self._view.visible = on

    def draw(self, dark: bool) -> None:
        """Show data and settings as they are."""
        self._dark = dark
        data, settings = self.trainer.data, self.trainer.settings
        everything = bool(self._all.value)
        kind = Line(
            _KIND,
            "data set",
            data.kind,
            lambda document, _: document,
            "data",
            choices=tuple(DATA_SETS),
            help="What the network learns to tell apart.",
        )
        self._lines = {
            "data": [
                kind,
                *_lines(data, {**_DATA, **(_MORE_DATA if everything else {})}),
            ],
            "settings": _lines(
                settings,
                {**_SETTINGS, **(_MORE_SETTINGS if everything else {})},
                matters(settings),
            ),
        }
        name = mode(dark)
        style = f":host {{--accent: {ACCENT[name]}; --problem: {PROBLEM[name]}}}"
        for form, key in ((self._data, "data"), (self._settings, "settings")):
            form.param.update(
                lines=[line.shown() for line in self._lines[key]],
                subject=data.kind,
                stylesheets=[style],
            )

    def _edit_data(self, name: str, value: Any) -> None:
        trainer = self.trainer
        if name == _KIND:
            if value in DATA_SETS and value != trainer.data.kind:
                trainer.data = DATA_SETS[value]()
            return
        trainer.data = edited(trainer.data, name, value, self._lines["data"])

    def _edit_settings(self, name: str, value: Any) -> None:
        lines = self._lines["settings"]
        self.trainer.settings = edited(self.trainer.settings, name, value, lines)


def _lines(
    spec: Spec, groups: dict[str, Any], shown: Callable[[str], bool] = lambda _: True
) -> list[Line]:
    return spec_lines(spec, groups, shown, _ENDS)
