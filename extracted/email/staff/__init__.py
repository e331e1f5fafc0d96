"""Pages for the staff: search, a message with its attempts and preview, sending again, the suppression list."""
