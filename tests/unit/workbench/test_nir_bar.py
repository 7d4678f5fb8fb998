from core.spec.examples import EXAMPLES, first_steps
from core.spec.nir.report import ImportReport
from workbench.project import Project
from workbench.views.nir_bar import NirBar


def document(tau_mem):
    spec = first_steps()
    hidden = spec.network.population("hidden").replace(tau_mem=tau_mem)
    return spec.replace(network=spec.network.with_population(hidden))


def test_undo_and_redo_bring_back_the_factor_and_the_file_of_each_document():
    project, asked = Project(), []
    bar = NirBar(project)

    def opened(name, tau_mem, factor):
        project.open(document(tau_mem))
        bar.show(ImportReport(time_factor=factor), lambda f: asked.append((name, f)))

    def shown():
        return bar._factor.value if bar._bar.visible else None

    opened("a", 7e-6, 1.0)
    project.edit(document(7.5e-6))
    opened("a", 8e-6, 1e-3)
    opened("b", 9e-6, 2.0)
    project.select("hidden")
    project.open(EXAMPLES["Yin-Yang"]())
    seen = [shown()]
    for _ in range(5):
        project.undo()
        seen.append(shown())
    assert seen == [None, "2", "0.001", "1", "1", None]
    assert not project.can_undo
    for _ in range(2):
        project.redo()
    assert shown() == "1"
    bar._factor.value = "5"  # of the first file, not of the last that was opened
    project.redo()
    assert asked == [("a", 5.0)]
    assert shown() == "0.001"
    project.open(project.spec)  # an equal document, from elsewhere
    assert shown() is None
