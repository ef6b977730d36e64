"""Everything in one file while Shotlist works, and back onto any database and storage."""
