"""The shop's own reports, at their old addresses, from the read model: the same cells, without the shop's tables.

They answer at once, as they always did. What would take too long for a page becomes a run.
"""
