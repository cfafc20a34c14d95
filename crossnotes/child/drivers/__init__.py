"""How a page without Django connects: a module for each driver, with its `connect`."""
