"""Settings of the shop: `local` to work on it, `test` for the tests, `production` for a real server."""
