"""The clips that the sandbox renders: their size, their picture, and the files that are kept."""
