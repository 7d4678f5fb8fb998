"""What is measured and reported, never asserted by the tests."""
