"""The dialog of a projection: which pairs, by what rule, each weight; one undo step.

What is shown is a draft: nothing changes in the document before *Apply*.
"""

import math
from html import escape
from typing import Any

import numpy as np
import panel as pn
import panel_material_ui as pmui
import param
from numpy.typing import NDArray

from core.errors import NetworkError
from core.spec import edit
from core.spec.experiment import ExperimentSpec
from core.spec.network import ProjectionSpec
from core.spec.weight_rule import WeightRule
from workbench.project import Project
from workbench.theme import MATERIAL, PROBLEM, SURFACES, mode
from workbench.views.number_field import NumberField, WholeField
from workbench.views.select import Select
from workbench.views.weight_editor import WeightEditor

#: The rule of a matrix that was not drawn by one.
EXPLICIT = "explicit"


class ConnectionDialog(pn.viewable.Viewer):
    """Makes a projection, or changes the weights of one."""

    dark: bool = param.Boolean(default=False)

    def __init__(self, project: Project, **params: Any) -> None:
        super().__init__(**params)
        self.project = project
        self._name: str | None = None  # of the projection, None for a new one
        self._draft: NDArray[np.float32] = np.zeros((1, 1), np.float32)
        self._filling = False
        self.source = Select(label="From", size="small", width=150, margin=(6, 4))
        self.target = Select(label="To", size="small", width=150, margin=(6, 4))
        self.pairs = pmui.RadioButtonGroup(
            options=[*WeightRule.info("connect").choices, EXPLICIT],
            value="dense",
            size="small",
            width=330,
            margin=(6, 4),
        )
        self.distribution = pmui.RadioButtonGroup(
            options=list(WeightRule.info("weights").choices),
            value=WeightRule().weights,
            size="small",
            margin=(6, 4),
        )
        self.numbers = {
            name: _number(name) for name in ("probability", "mean", "spread", "seed")
        }
        self.editor = WeightEditor(self._explicit)
        self._said = pn.pane.HTML("", margin=(4, 4), sizing_mode="stretch_width")
        self._apply = pmui.Button(label="Apply", variant="contained", size="small")
        self._cancel = pmui.Button(label="Cancel", variant="outlined", size="small")
        self._apply.on_click(lambda _: self.apply())
        self._cancel.on_click(lambda _: self.close())
        for choice in (self.source, self.target, self.pairs, self.distribution):
            choice.param.watch(lambda *_: self._redraw(), "value")
        for number in self.numbers.values():
            number.param.watch(lambda *_: self._redraw(), "value")
        self.param.watch(lambda *_: self._restyle(), "dark")
        self.dialog = pmui.Dialog(
            width_option="md", show_close_button=True, close_on_click=True
        )
        self.dialog.param.watch(lambda *_: self._closed(), "open")
        self._restyle()

    def __panel__(self) -> Any:
        return self.dialog

    # -- opening and closing -----------------------------------------------------

    def open(self, name: str | None = None, source: str | None = None) -> None:
        """Show the projection ``name``, or a form for a new one from ``source``."""
        network = self.project.spec.network
        self._name = name
        self._filling = True
        try:
            if name is not None:
                found = network.projection(name)
                self._offer([found.source], [found.target])
                self._propose_rule(found)
                self._draft = np.array(found.weights, np.float32)
            else:
                senders = [p.name for p in network.populations if p.spiking]
                takers = [p.name for p in network.populations if p.accepts_input]
                self._offer(senders, takers)
                self._propose(source)
                self.pairs.value = "dense"
        finally:
            self._filling = False
        self._redraw()
        ends = f"{self.source.value} → {self.target.value}"
        title = f"Weights of {ends}" if name is not None else "New connection"
        # Made now, because fields in a closed dialog cannot be told anything.
        self.dialog.param.update(objects=self._content(), title=title)
        self.dialog.open = True

    def _propose_rule(self, projection: ProjectionSpec) -> None:
        """Show the rule that the weights were drawn by, or that they are explicit."""
        rule = projection.rule
        if rule is None or not projection.drawn:
            self.pairs.value = EXPLICIT
            return
        self.pairs.value, self.distribution.value = rule.connect, rule.weights
        for name, box in self.numbers.items():
            box.value = getattr(rule, name)

    def close(self) -> None:
        """Forget the draft."""
        self.dialog.open = False

    def _closed(self) -> None:
        if not self.dialog.open:
            self.dialog.objects = []

    def _content(self) -> list[Any]:
        number = self.numbers
        form = pn.Column(
            pn.Row(self.source, self.target, margin=0),
            _heading("Which pairs"),
            self.pairs,
            number["probability"],
            _heading("Weights, model units"),
            self.distribution,
            pn.Row(number["mean"], number["spread"], number["seed"], margin=0),
            self._said,
            width=340,
        )
        matrix = pn.Column(self.editor, width=360)
        buttons = pn.Row(pn.HSpacer(), self._cancel, self._apply, margin=0)
        return [pn.FlexBox(form, matrix, gap="24px", align_items="start"), buttons]

    def _propose(self, source: str | None) -> None:
        """Choose the first pair that can be connected, from ``source`` if possible."""
        network = self.project.spec.network
        sources = sorted(self.source.options, key=lambda name: name != source)
        for pre in sources:
            for post in self.target.options:
                if edit.refusal(network, pre, post) is None:
                    self.source.value, self.target.value = pre, post
                    return

    def apply(self) -> None:
        """Put the draft into the document, as one step."""
        if self.project.attempt(self._applied):
            self.close()
        else:
            self._say(str(self.project.message))

    def _offer(self, sources: list[str], targets: list[str]) -> None:
        for select, names in ((self.source, sources), (self.target, targets)):
            select.param.update(
                options=names,
                value=names[0] if names else None,
                disabled=len(names) < 2,
            )

    # -- the draft ---------------------------------------------------------------

    @property
    def rule(self) -> WeightRule | None:
        """The chosen rule; None for a matrix of its own."""
        if self.pairs.value == EXPLICIT:
            return None
        return WeightRule(
            connect=self.pairs.value,
            weights=self.distribution.value,
            **{name: _within(name, box.value) for name, box in self.numbers.items()},
        )

    def _applied(self) -> ExperimentSpec:
        spec, name = self.project.spec, self._name
        if name is None:
            spec = edit.connect(
                spec, str(self.source.value), str(self.target.value), self._draft
            )
            name = spec.network.projections[-1].name
        projection = spec.network.projection(name)
        if self._draft.shape != projection.weights.shape:
            raise NetworkError(
                f"projection '{name}'",
                "its populations have other sizes by now.",
                "Open it again.",
            )
        return self._ruled(spec, name)

    def _ruled(self, spec: ExperimentSpec, name: str) -> ExperimentSpec:
        """Return ``spec`` with the draft and what it was drawn by."""
        projection = spec.network.projection(name)
        new = projection.replace(weights=self._draft, rule=self.rule)
        return spec.replace(network=spec.network.with_projection(new))

    def _explicit(self, weights: NDArray[np.float32]) -> None:
        """Take a matrix that was changed by hand."""
        self._draft = weights
        self._filling = True
        self.pairs.value = EXPLICIT
        self._filling = False
        self._redraw()

    def _redraw(self) -> None:
        if self._filling:
            return
        explicit = self.pairs.value == EXPLICIT
        self.numbers["probability"].disabled = self.pairs.value != "sparse"
        constant = self.distribution.value == "constant"
        self.numbers["spread"].disabled = explicit or constant
        for name in ("mean", "seed"):
            self.numbers[name].disabled = explicit
        self.distribution.disabled = explicit
        refused = self._refusal()
        rule = self.rule
        if refused is None and (rule is not None or self._name is None):
            refused = self._draw(rule)
        self._apply.disabled = refused is not None
        self._say(refused or "")
        self.editor.show(
            self._draft, self._scale(), str(self.source.value), str(self.target.value)
        )

    def _refusal(self) -> str | None:
        network = self.project.spec.network
        if self.source.value is None or self.target.value is None:
            return "There is nothing to connect yet: add an input and neurons."
        if self._name is not None:
            return None
        return edit.refusal(network, self.source.value, self.target.value)

    def _draw(self, rule: WeightRule | None) -> str | None:
        network = self.project.spec.network
        sources = network.population(str(self.source.value)).size
        targets = network.population(str(self.target.value)).size
        if rule is None and self._draft.shape == (targets, sources):
            return None
        if rule is not None and rule.connect == "one-to-one" and sources != targets:
            return (
                f"One-to-one needs equal sizes: the source has {sources} neurons, "
                f"the target {targets}."
            )
        self._draft = np.array((rule or WeightRule()).draw(sources, targets))
        return None

    def _scale(self) -> float:
        if self._name is None:
            fresh = ProjectionSpec("", "", "", weights=self._draft)
            return fresh.weight_scale
        return self.project.spec.network.projection(self._name).weight_scale

    def _restyle(self) -> None:
        """Give the dialog, which lies outside of the page, the colours of the page."""
        name = mode(self.dark)
        self.editor.dark = self.dark
        material = (self.source, self.target, self.pairs, self.distribution)
        for made in (*material, self._apply, self._cancel, self.dialog):
            made.param.update(dark_theme=self.dark, theme_config=MATERIAL)
        card = {"backgroundImage": "none", "backgroundColor": SURFACES[name]["card"]}
        self.dialog.sx = {".MuiDialog-paper": card, ".MuiPaper-root": card}

    def _say(self, text: str) -> None:
        color = PROBLEM[mode(self.dark)]
        self._said.object = (
            f'<div role="alert" style="font-size:12px;color:{color}">'
            f"{escape(text)}</div>"
        )


def _number(name: str) -> Any:
    info = WeightRule.info(name)
    kind = WholeField if info.whole else NumberField
    default = getattr(WeightRule(), name)
    return kind(
        label=info.label,
        value=default,
        start=info.low,
        end=info.high,
        step=info.step,
        width=98,
        margin=(4, 4),
    )


def _within(name: str, value: float | None) -> Any:
    """Return a number that the rule can take."""
    info = WeightRule.info(name)
    if value is None or not math.isfinite(value):
        return getattr(WeightRule(), name)
    low = -math.inf if info.low is None else info.low
    high = math.inf if info.high is None else info.high
    inside = min(max(value, low), high)
    return int(inside) if info.whole else float(inside)


def _heading(text: str) -> Any:
    return pn.pane.HTML(
        f'<div style="font-size:12px;opacity:.75">{text}</div>', margin=(10, 4, 0, 4)
    )
