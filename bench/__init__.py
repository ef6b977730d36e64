"""Benchmarks: figures side by side in one run, printed as a table and saved as JSON in bench/results."""
