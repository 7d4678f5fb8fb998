"""The scripts here are run by the launcher (tests/compat), not imported."""

collect_ignore_glob = ["*.py"]
