"""One file for each thing people do; transactions begin here."""
