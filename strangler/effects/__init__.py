"""Record what a piece of work does besides answering: rows, mails, messages, files."""
