"""The table of node types in the docs is the one of the code, and says the truth."""

from pathlib import Path

import nir

from core.spec.nir.support import ROLES, with_table

PAGE = Path(__file__).parents[4] / "docs" / "nir.md"


def test_the_table_in_the_docs_is_up_to_date():
    page = PAGE.read_text()
    assert with_table(page) == page, "run python -m core.spec.nir docs/nir.md"


def test_every_node_type_of_nir_is_in_the_table():
    types = {
        name
        for name in nir.ir.__all__
        if isinstance(getattr(nir, name, None), type)
        and issubclass(getattr(nir, name), nir.NIRNode)
    }
    assert types - {"NIRNode"} == set(ROLES)
