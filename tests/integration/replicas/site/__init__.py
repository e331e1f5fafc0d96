"""A site of one page, which shows what its visitor wrote and which server it was read from."""
