"""What is true of the circuit, and when: physics, event order, random streams, records."""
