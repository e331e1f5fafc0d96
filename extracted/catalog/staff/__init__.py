"""Pages for the staff: find products, edit one by the schema of its type, make one, and look at the types and make their next version."""
