"""The graph of modules and handles that an experiment runs."""
