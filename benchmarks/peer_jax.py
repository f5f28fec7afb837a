"""The article's training in JAX and optax: a whole epoch in one jit, a scan over batches around a scan over steps."""

from __future__ import annotations

import sys
from collections.abc import Callable

import jax
import jax.numpy as jnp
import optax
from article import BETAS, EPSILON, LEARNING_RATE, Article
from jax import Array, lax
from workers import Answer, serve

Weights = dict[str, Array]
State = tuple[Array, ...]


def rnn(xp: Array, state: State, w: Weights) -> State:
    """h = tanh(x_p + U h + b_U)."""
    (h,) = state
    return (jnp.tanh(xp + h @ w["weight_hh"].T + w["bias_hh"]),)


def gru(xp: Array, state: State, w: Weights) -> State:
    """r, z, n in torch's order; the reset gate after the product."""
    (h,) = state
    x_r, x_z, x_n = jnp.split(xp, 3, axis=-1)
    u_r, u_z, u_n = jnp.split(h @ w["weight_hh"].T + w["bias_hh"], 3, axis=-1)
    r, z = jax.nn.sigmoid(x_r + u_r), jax.nn.sigmoid(x_z + u_z)
    n = jnp.tanh(x_n + r * u_n)
    return ((1 - z) * n + z * h,)


def lstm(xp: Array, state: State, w: Weights) -> State:
    """i, f, g, o in torch's order."""
    h, c = state
    i, f, g, o = jnp.split(xp + h @ w["weight_hh"].T + w["bias_hh"], 4, axis=-1)
    c = jax.nn.sigmoid(f) * c + jax.nn.sigmoid(i) * jnp.tanh(g)
    return jax.nn.sigmoid(o) * jnp.tanh(c), c


CELLS: dict[str, tuple[Callable[[Array, State, Weights], State], int]] = {
    "rnn": (rnn, 1),
    "gru": (gru, 1),
    "lstm": (lstm, 2),
}


def main() -> None:
    """Serve epochs of the cell named on the command line."""
    article = Article(sys.argv[1], batches=int(sys.argv[2]))
    step, states = CELLS[article.cell]
    adam = optax.adam(LEARNING_RATE, *BETAS, eps=EPSILON)

    def loss(w: Weights, x: Array, y: Array) -> Array:
        xp = x @ w["weight_ih"].T + w["bias_ih"]  # [T, B, G*H]
        zeros = (jnp.zeros((x.shape[1], article.hidden)),) * states
        (h, *_), _ = lax.scan(lambda state, xp_t: (step(xp_t, state, w), None), zeros, xp)
        return jnp.mean((h @ w["weight"].T + w["bias"] - y) ** 2)

    @jax.jit
    def epoch(w: Weights, moments: optax.OptState, x: Array, y: Array, order: Array):
        def batch(carry: tuple[Weights, optax.OptState], rows: Array):
            w, moments = carry
            value, gradient = jax.value_and_grad(loss)(w, x[:, rows], y[rows])
            update, moments = adam.update(gradient, moments, w)
            return (optax.apply_updates(w, update), moments), value

        return lax.scan(batch, (w, moments), order)

    x, y = (jnp.asarray(part) for part in article.data())
    x = x.transpose(1, 0, 2)
    fresh = {name: jnp.asarray(weight) for name, weight in article.weights().items()}
    now = (fresh, adam.init(fresh))

    def answer(question: Answer) -> Answer:
        nonlocal now
        if question["fresh"]:
            now = (fresh, adam.init(fresh))
        order = jnp.asarray(article.order(question["shuffled"]), dtype=jnp.int32)
        now, losses = epoch(*now, x, y, order)
        return {"loss": float(losses.mean())}

    serve(answer)


if __name__ == "__main__":
    main()
