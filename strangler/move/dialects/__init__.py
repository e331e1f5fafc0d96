"""The databases that tables move between: one module for each engine."""
