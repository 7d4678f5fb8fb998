"""The notebooks run from top to bottom, quietly, and are kept without outputs."""

import re
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

FOLDER = Path(__file__).parents[2] / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))
#: The others run in the full stage.
QUICK = {"01_first_neuron"}
#: What a new installation says once, for each part of the kernels.
COMPILING = "compiling kernels (up to 30 s, each once)"

pytestmark = pytest.mark.timeout(900)


def params(quick=frozenset()):
    return [
        pytest.param(
            path, id=path.stem, marks=() if path.stem in quick else pytest.mark.slow
        )
        for path in NOTEBOOKS
    ]


every = pytest.mark.parametrize("path", params({path.stem for path in NOTEBOOKS}))


@pytest.fixture(scope="session")
def quiet_home(tmp_path_factory):
    """Places of their own for IPython and Jupyter; the font cache is made before."""
    import matplotlib.font_manager  # noqa: F401  (a notebook would say that it waits)

    folder = tmp_path_factory.mktemp("jupyter")
    with pytest.MonkeyPatch.context() as patch:
        for name in ("IPYTHONDIR", "JUPYTER_RUNTIME_DIR", "JUPYTER_CONFIG_DIR"):
            patch.setenv(name, str(folder / name.lower()))
        patch.setenv("PYTHONPATH", str(FOLDER.parent))
        yield


@pytest.mark.parametrize("path", params(QUICK))
def test_a_notebook_runs_without_an_error_or_a_warning(path, quiet_home):
    notebook = nbformat.read(path, as_version=4)
    place = {"metadata": {"path": str(FOLDER)}}
    NotebookClient(notebook, timeout=600, resources=place).execute()
    outputs = [o for cell in notebook.cells for o in cell.get("outputs", [])]
    said = [o.text.strip() for o in outputs if o.get("name") == "stderr"]
    assert [text for text in said if text != COMPILING] == []
    figures = [
        [o for o in cell.outputs if "image/png" in o.get("data", {})]
        for cell in notebook.cells
        if re.search(r"^(plt\.)?show\(", cell.source, re.MULTILINE)
    ]
    assert figures, "a lesson without a figure"
    assert all(figures), "a figure is missing"
    html = [o.data["text/html"] for o in outputs if "text/html" in o.get("data", {})]
    live = [text for text in html if "hx-live" in text]
    uses = sum(
        re.findall(r"^workbench\.\w+View\(", cell.source, re.MULTILINE) != []
        for cell in notebook.cells
    )
    assert len(live) == uses, "each view is shown"
    assert all("data-root-id" in t and "data:image/svg+xml" in t for t in live)


@every
def test_a_notebook_is_kept_without_outputs(path):
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert not any(cell.outputs or cell.execution_count for cell in code)
    assert set(notebook.metadata) == {"kernelspec", "language_info"}


@every
def test_a_notebook_has_an_exercise_and_a_folded_solution_that_checks_itself(path):
    cells = nbformat.read(path, as_version=4).cells
    assert any("## Exercise" in cell.source for cell in cells)
    (solution,) = (c for c in cells if "solution" in c.metadata.get("tags", ()))
    assert solution.metadata.jupyter == {"source_hidden": True, "outputs_hidden": True}
    assert re.search(r"^assert ", solution.source, re.MULTILINE)


@every
def test_links_of_a_notebook_lead_somewhere(path):
    text = "\n".join(c.source for c in nbformat.read(path, as_version=4).cells)
    local = [to for to in re.findall(r"\]\(([^)]+)\)", text) if "://" not in to]
    assert [to for to in local if not (FOLDER / to).exists()] == []
