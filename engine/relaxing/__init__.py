"""Circuits that take time: voltages that relax from one event to the next."""
