"""The shop and its accounts service as in production, for a rendered nginx in front of them."""
