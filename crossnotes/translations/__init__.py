"""The translation: catalogues that follow the pages, and gates that they have to pass."""
