"""The dialogue engine: a menu is data, a turn is a function."""
