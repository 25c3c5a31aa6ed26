"""The compiled engine: the event loop, its state, and who feeds it."""
