from masking_console.practice.simulated_account import RateLimit, Window


class _Clock:
    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


def test_the_301st_request_within_five_seconds_is_refused() -> None:
    limit = RateLimit(clock=_Clock())

    assert [limit.takes() for _ in range(301)] == [True] * 300 + [False]


def test_a_sliding_window_takes_one_more_as_each_gets_old() -> None:
    clock = _Clock()
    limit = RateLimit(2, 5.0, clock=clock)
    assert limit.takes()
    clock.now += 3
    assert limit.takes()

    clock.now += 1.9
    assert not limit.takes()
    clock.now += 0.1
    assert limit.takes()
    assert not limit.takes()


def test_a_fixed_window_starts_again_at_its_multiples() -> None:
    clock = _Clock()
    clock.now += 4.9
    limit = RateLimit(2, 5.0, Window.FIXED, clock)
    assert [limit.takes() for _ in range(3)] == [True, True, False]

    clock.now = 1_005.0
    assert [limit.takes() for _ in range(3)] == [True, True, False]
    clock.now = 1_009.9
    assert not limit.takes()


def test_a_refused_request_does_not_count() -> None:
    clock = _Clock()
    limit = RateLimit(1, 5.0, clock=clock)
    assert limit.takes()
    clock.now += 4
    assert not limit.takes()

    clock.now += 1
    assert limit.takes()


def test_without_a_limit_everything_is_taken() -> None:
    limit = RateLimit(None, clock=_Clock())

    assert all(limit.takes() for _ in range(1_000))
