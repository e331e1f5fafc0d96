"""The toolkit's rules in plain Python: no Django, no clock, no network, no randomness.

What exists (`topology`), where a seam stands (`stages`), and which side does a piece of work (`decision`).
"""
