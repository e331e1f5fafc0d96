"""The facade with real sockets on both sides."""
