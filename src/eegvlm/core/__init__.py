"""The ground floor: what every room may use, and what uses no room itself. Import its modules by name."""
