"""Compiled functions: how they are compiled, called by address, and what both engines share."""
