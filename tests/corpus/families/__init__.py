"""The techniques, a file for each family or two, and the innocents."""
