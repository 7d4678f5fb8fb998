"""What is on the screen: each view shows the project and changes it through `edit`."""
