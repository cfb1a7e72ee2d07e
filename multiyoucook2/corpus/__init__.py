"""Publication: tables to a folder that ``load_dataset`` reads, its card, and the Hub."""
