"""How many examples a law is tried with: the number that its test names, in proportion to the profile in force.

`make quick` tries a fifth, `make test` all. Both take the same examples each time, so that one commit has one verdict. What fails
rarely is hunted with `make hunt`: ten times as many, and others each time. What it finds becomes an `@example` of its law.
"""

from collections.abc import Collection

from hypothesis import HealthCheck, settings

PROFILES = {"outgate": 100, "quick": 20, "hunt": 1000}  # examples of a law that names no number


def register_profiles() -> None:
    """No test says how long something may take: machines are noisy, and the bench measures."""
    for name, examples in PROFILES.items():
        settings.register_profile(
            name,
            max_examples=examples,
            derandomize=name != "hunt",
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow],
        )
    settings.load_profile("outgate")


def tries(examples: int, *, suppress: Collection[HealthCheck] = (), steps: int | None = None) -> settings:
    """The decorator of a law that wants more or fewer examples than most."""
    usual = settings.default
    more = {} if steps is None else {"stateful_step_count": steps}
    return settings(
        max_examples=max(1, examples * usual.max_examples // PROFILES["outgate"]),
        suppress_health_check=[*usual.suppress_health_check, *suppress],
        **more,
    )
