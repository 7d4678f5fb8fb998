"""The script that the console command serves; the same page as ``app.py``."""

from workbench.serve import serve_page

serve_page()
