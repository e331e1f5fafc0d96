"""Albums with photos, and tags whose name is their key."""
