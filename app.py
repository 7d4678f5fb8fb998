"""``panel serve app.py`` opens the workbench."""

from workbench.serve import serve_page

serve_page()
