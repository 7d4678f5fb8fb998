"""Damaged files, by the thousand, through the door for files of others."""
