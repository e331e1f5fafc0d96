"""Compare both sides without anybody waiting for it: capture, replay, compare."""
