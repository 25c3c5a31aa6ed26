"""The claims of Wycoff et al. (2022), judged from the studies of `ohmtick reproduce`."""
