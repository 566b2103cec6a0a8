"""For every test: property tests judge what comes out, not how fast a busy machine gives it.

`house`, the default, looks at other examples each time. `gate` (`--hypothesis-profile=gate`) looks at the same ones every
time, so that the same change gets the same verdict; what the search finds there or elsewhere is mended all the same.
"""

from hypothesis import HealthCheck, settings

settings.register_profile("house", deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True)
settings.register_profile("gate", settings.get_profile("house"), derandomize=True)
settings.load_profile("house")
