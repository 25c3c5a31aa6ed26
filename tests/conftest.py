import os

from hypothesis import HealthCheck, settings

os.environ["MPLBACKEND"] = "agg"  # figures need no display

# The same examples on every machine, and no verdict that depends on how busy it is.
settings.register_profile(
    "default", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("ci", settings.get_profile("default"), max_examples=300, print_blob=True)
settings.load_profile("ci" if os.environ.get("CI") else "default")
