"""The curvature of learning against finite differences, and stability limits against iteration."""

import numpy as np
import pytest

import ohmtick as ot
from ohmtick.analysis.curvature import curvature, largest_delay, largest_gated_step, largest_step

CIRCUIT = ot.square_lattice(3, 3)
SOURCES = {"0": 1.0, "8": 0.0, "2": 0.3}


def outputs(conductances: np.ndarray, targets: list[str]) -> np.ndarray:
    twin = ot.TwinNetwork(CIRCUIT, conductances, sources=list(SOURCES), targets=targets, nudge=1e-6)
    return np.asarray(twin.transfer() @ np.array(list(SOURCES.values())))


def step(conductances: np.ndarray, targets: list[str], desired: np.ndarray) -> np.ndarray:
    """The step of coupled learning at rate 1, from the drops of both copies."""
    nudge = 1e-6
    twin = ot.TwinNetwork(
        CIRCUIT, conductances, sources=list(SOURCES), targets=targets, nudge=nudge
    )
    twin.present(inputs=list(SOURCES.values()), desired=desired)
    drops = np.array([twin.drops(edge) for edge in range(len(CIRCUIT.edges))])
    free, clamped = drops.T
    return np.asarray((free - clamped) * (free + clamped) / (2.0 * nudge))


@pytest.mark.parametrize("targets", [["4"], ["4", "6"], ["4", "6", "3"]])
def test_curvature_is_the_jacobian_of_the_rule(targets: list[str]) -> None:
    conductances = np.random.default_rng(1).uniform(0.5, 2.0, len(CIRCUIT.edges))
    found = curvature(CIRCUIT, conductances, SOURCES, targets)
    desired = outputs(conductances, targets)
    small = 1e-5
    jacobian = np.empty((conductances.size, conductances.size))
    for edge in range(conductances.size):
        moved = conductances.copy()
        moved[edge] += small
        jacobian[:, edge] = step(moved, targets, desired) / small
    eigenvalues = np.sort(-np.linalg.eigvals(jacobian).real)[::-1]
    np.testing.assert_allclose(found.together, eigenvalues[: len(targets)], rtol=2e-3)
    np.testing.assert_allclose(eigenvalues[len(targets) :], 0.0, atol=1e-3 * eigenvalues[0])
    np.testing.assert_allclose(found.alone, -np.diag(jacobian), rtol=2e-3, atol=1e-6)
    assert found.alone.sum() == pytest.approx(found.together.sum(), rel=1e-9)
    assert found.largest == found.together[0]
    assert 1.0 <= found.participation <= conductances.size


@pytest.mark.parametrize("across", [0.0, 1.0, 1e8])
@pytest.mark.parametrize(("up", "down"), [(1.0, 1.0), (3.0, 0.5), (1e6, 1e-3)])
def test_two_dividers_side_by_side_answer_in_two_modes(
    up: float, down: float, across: float
) -> None:
    """Alike and tied by an edge without a drop: they move together, or against one another.

    Each has B = (v - 1, v) of its two edges, and Z⁻¹ = up + down together, 2 across more against.
    """
    ends = [("high", "a"), ("a", "low"), ("high", "b"), ("b", "low")]
    labels = ["high", "low", "a", "b"]
    pairs = [[labels.index(one), labels.index(other)] for one, other in ends]
    conductances = [up, down, up, down]
    if across:
        pairs, conductances = [*pairs, [2, 3]], [*conductances, across]
    circuit = ot.Circuit(edges=pairs, nodes=4, labels=labels)
    v = up / (up + down)
    steep = (1.0 - v) ** 2 + v**2
    modes = [steep / (up + down), steep / (up + down + 2.0 * across)]
    found = curvature(circuit, conductances, {"high": 1.0, "low": 0.0}, ["a", "b"])
    assert found.together.dtype == np.float64
    np.testing.assert_allclose(found.together, modes, rtol=1e-6 if across else 1e-12)


@pytest.mark.parametrize("targets", [["4"], ["4", "6"], ["4", "6", "3"]])
def test_curvature_is_that_of_the_whitened_response(targets: list[str]) -> None:
    """With coordinates y = C⁻¹ x, C Cᵀ = Z, the response of the outputs is symmetric."""
    rng = np.random.default_rng(7)
    for _ in range(20):
        conductances = 10.0 ** rng.uniform(-3.0, 3.0, len(CIRCUIT.edges))
        found = curvature(CIRCUIT, conductances, SOURCES, targets)
        reason, stiffness = responses(conductances, targets)
        half = np.linalg.cholesky(stiffness)
        whitened = np.linalg.solve(half, reason.T)
        expected = np.linalg.svd(whitened, compute_uv=False) ** 2
        np.testing.assert_allclose(found.together, expected, rtol=1e-6)


def responses(conductances: np.ndarray, targets: list[str]) -> tuple[np.ndarray, np.ndarray]:
    """B and Z⁻¹ from dense solves of Kirchhoff's law."""
    nodes, places = CIRCUIT.nodes, [CIRCUIT.index(name) for name in targets]
    incidence = np.zeros((len(CIRCUIT.edges), nodes))
    for edge, (one, other) in enumerate(CIRCUIT.edges):
        incidence[edge, [one, other]] = 1.0, -1.0
    laplacian = incidence.T @ (conductances[:, None] * incidence)

    def held(voltages: dict[int, float]) -> np.ndarray:
        fixed, free = list(voltages), [n for n in range(nodes) if n not in voltages]
        answer = np.zeros(nodes)
        answer[fixed] = list(voltages.values())
        answer[free] = np.linalg.solve(
            laplacian[np.ix_(free, free)], -laplacian[np.ix_(free, fixed)] @ answer[fixed]
        )
        return incidence @ answer

    sources = {CIRCUIT.index(name): volts for name, volts in SOURCES.items()}
    still = dict.fromkeys([*sources, *places], 0.0)
    moved = np.stack([held(still | {place: 1.0}) for place in places], axis=1)
    return held(sources)[:, None] * moved, moved.T @ (conductances[:, None] * moved)


@pytest.mark.parametrize("late", [0, 1, 2, 7])
def test_late_steps_converge_just_below_their_limit_and_not_above(late: int) -> None:
    for factor, falls in ((0.98, True), (1.02, False)):
        x = [1.0] * (late + 1)
        for _ in range(6000):
            x.append(x[-1] - factor * largest_step(late) * x[-1 - late])
        assert (abs(x[-1]) + abs(x[-2]) < 1.0) == falls


def test_many_late_steps_are_the_motion_that_hayes_solved() -> None:
    late = 500
    # A reading at n acts on n + m + 1: in the middle of that step, m + 1/2 later.
    assert largest_step(late) * (late + 0.5) == pytest.approx(np.pi / 2.0, rel=1e-4)
    assert largest_delay(2.0) == pytest.approx(np.pi / 4.0)


@pytest.mark.parametrize("gate", [0.1, 0.5, 1.0])
def test_gated_steps_keep_their_mean_square_at_their_limit(gate: float) -> None:
    shares = np.array([0.4, 0.3, 0.2, 0.1])
    participation = 1.0 / np.sum(shares**2)
    alpha = largest_gated_step(gate, participation)
    acts = np.random.default_rng(3).uniform(size=(400_000, shares.size)) < gate
    factors = (1.0 - alpha * acts @ shares) ** 2
    assert abs(factors.mean() - 1.0) <= 5.0 * factors.std() / np.sqrt(factors.size) + 1e-12


@pytest.mark.parametrize(
    ("refused", "message"),
    [
        (lambda: largest_delay(0.0), "'rate'"),
        (lambda: largest_step(-1), "'late'"),
        (lambda: largest_gated_step(1.5, 2.0), "'gate'"),
    ],
)
def test_limits_refuse_what_has_none(refused, message: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(ot.OhmtickError, match=message):
        refused()
