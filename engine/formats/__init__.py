"""Files that hold a circuit: one format a file, each read and written."""
