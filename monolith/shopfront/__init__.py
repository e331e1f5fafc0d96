"""The shop's own pages of the catalogue: products as the catalogue knows them, with the prices of their variants."""
