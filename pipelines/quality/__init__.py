"""How ``quality`` was calibrated: rows that were read one by one, and the fit on them."""
