"""Every row of minutes the shipped plans must give, written apart from the YAML they are read from."""

Table = tuple[str, dict[int, tuple[int, ...]]]

GENERIC_SPA: Table = (
    "welcome settle work1 turn work2 deep return redress",
    {
        30: (3, 2, 16, 0, 0, 4, 2, 3),
        45: (4, 3, 18, 2, 8, 4, 2, 4),
        60: (5, 4, 22, 2, 14, 6, 2, 5),
        75: (5, 4, 29, 2, 19, 8, 3, 5),
        90: (6, 4, 35, 2, 25, 10, 3, 5),
        120: (6, 5, 46, 3, 36, 14, 4, 6),
    },
)
CLINICAL_FOLLOW_UP: Table = (
    "welcome exam settle work1 turn work2 return reassess redress",
    {
        30: (3, 3, 2, 10, 1, 5, 1, 2, 3),
        45: (4, 4, 2, 16, 1, 9, 1, 4, 4),
        60: (5, 5, 3, 22, 2, 12, 1, 5, 5),
        75: (5, 6, 3, 28, 2, 19, 1, 6, 5),
        90: (6, 7, 3, 35, 2, 24, 2, 6, 5),
    },
)
CLINICAL_FIRST: Table = (
    "welcome exam settle work1 turn work2 return reassess redress",
    {
        45: (8, 9, 2, 10, 1, 5, 1, 4, 5),
        60: (10, 12, 3, 15, 2, 7, 1, 5, 5),
        90: (12, 15, 3, 28, 2, 16, 2, 7, 5),
    },
)
BODY_SCRUB: Table = (
    "welcome settle work1 turn work2 rinse deep return redress",
    {
        30: (3, 2, 7, 1, 6, 5, 2, 0, 4),
        45: (4, 3, 9, 1, 8, 8, 6, 1, 5),
        60: (5, 3, 12, 1, 11, 9, 12, 2, 5),
    },
)
HOT_STONE: Table = (
    "welcome settle work1 turn work2 deep return redress",
    {
        60: (5, 4, 22, 2, 16, 4, 2, 5),
        75: (5, 4, 30, 2, 22, 4, 3, 5),
        90: (6, 4, 36, 3, 26, 6, 4, 5),
        120: (7, 5, 48, 4, 36, 9, 5, 6),
    },
)
LYMPHATIC: Table = (
    "welcome exam settle work1 work2 deep return redress",
    {
        30: (3, 0, 2, 6, 12, 3, 1, 3),
        45: (4, 2, 3, 8, 18, 4, 2, 4),
        60: (5, 4, 3, 10, 25, 5, 3, 5),
        75: (5, 4, 3, 12, 36, 6, 4, 5),
        90: (6, 5, 4, 14, 44, 7, 4, 6),
    },
)
PRENATAL: Table = (
    "welcome settle work1 turn work2 deep return redress",
    {
        45: (5, 4, 13, 3, 10, 3, 2, 5),
        60: (6, 5, 19, 3, 15, 4, 3, 5),
        75: (6, 5, 24, 3, 20, 7, 4, 6),
        90: (6, 5, 30, 4, 26, 9, 4, 6),
    },
)
REFLEXOLOGY: Table = (
    "welcome settle work1 work2 deep return redress",
    {
        30: (3, 4, 9, 9, 2, 1, 2),
        45: (4, 5, 14, 14, 3, 2, 3),
        60: (5, 6, 19, 19, 4, 3, 4),
    },
)
FACIAL: Table = (
    "welcome settle analyse work1 deep finish return redress",
    {
        30: (3, 2, 6, 6, 7, 2, 1, 3),
        60: (5, 4, 12, 12, 16, 4, 2, 5),
        90: (6, 4, 15, 20, 30, 6, 3, 6),
    },
)
SOUND_BATH: Table = (
    "welcome settle open work1 silence return",
    {
        30: (3, 4, 4, 13, 3, 3),
        45: (4, 5, 5, 22, 5, 4),
        60: (5, 6, 6, 31, 7, 5),
        90: (8, 8, 9, 48, 10, 7),
    },
)
FLOAT: Table = (
    "welcome pre_rinse float_in float_silent float_out post_rinse redress",
    {
        60: (5, 5, 10, 45, 5, 10, 5),
        75: (5, 5, 10, 60, 5, 10, 5),
        90: (5, 5, 10, 75, 5, 10, 5),
    },
)
