"""Program + Target → Results: the one room that executes anything."""
