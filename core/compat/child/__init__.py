"""What the interpreters that a launched script starts load first."""
