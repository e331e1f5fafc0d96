"""Mail that the shop sends, inside the request."""
