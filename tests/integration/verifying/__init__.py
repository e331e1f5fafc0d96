"""The verifier on real servers."""
