"""Who acts: edges with clocks, rules, resistors and comparators; supervisor, probe, faults."""

from .clocks import Clock as Clock
from .comparators import Comparator as Comparator
from .resistors import Resistor as Resistor
from .rules import Rule as Rule
