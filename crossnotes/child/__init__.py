"""What runs in a process of its own, below a run: Python, doctest and Django."""
