"""The ten errors of the article, each beside what is right and the numbers that prove it.

The library does what is right; this is where one can see why.
"""

from __future__ import annotations

from recurra.errors import InputError
from recurra.textbook import errata_data, errata_gradients, errata_relu, errata_training
from recurra.textbook.errata_gradients import FORMULAS
from recurra.textbook.erratum import Errata, Erratum

_ERRATA = (
    Erratum(
        1,
        "3.2",
        "c_t is made from c_{t-1}, in 4.1 from h_{t-1}",
        "c_t = W_xh x_t + W_hh c_{t-1} + b_h",
        "c_t = W_xh x_t + W_hh h_{t-1} + b_h,   h_t = tanh(c_t)",
        "The two sections disagree, and only 4.1's c_t is the number whose tanh is h_t. It is a "
        "pre-activation; a state that goes on by itself beside h_t is what the LSTM has.",
        ("3.2", "4.1", "arctanh(h_t)"),
        errata_gradients.cell_states,
    ),
    Erratum(
        2,
        "3.2",
        "b_y is used, but neither initialised nor listed among the weights",
        "W_xh, W_hh, W_hy, b_h = initialize_weights()",
        "W_xh, W_hh, W_hy, b_h, b_y",
        "As written the program stops at y_t. Without b_y the outputs can only move with h_t, and the loss "
        "stays larger.",
        ("without b_y", "with b_y", "finite difference"),
        errata_training.output_bias,
    ),
    Erratum(
        3,
        "4.4",
        "dJ/dh_t leaves out W_hy^T and takes the sigmoid's slope at h_t",
        "dJ/dh_t = (y_t - y*_t) sigmoid'(h_t)",
        "dJ/dh_t = W_hy^T ((y_t - y*_t) * sigmoid'(s_t)),   s_t = W_hy h_t + b_y",
        "y_t depends on h_t through s_t, so the slope belongs at s_t and the weights W_hy carry it to h_t. "
        "This is all of dJ/dh_t at the last step alone. Either half of the mending is not enough.",
        FORMULAS,
        errata_gradients.output_gradient,
    ),
    Erratum(
        4,
        "4.4",
        "dJ/dh_{t-1} carries the loss of step t alone; W_hh stands on the wrong side",
        "dJ/dh_{t-1} = (y_t - y*_t) sigmoid'(h_t) tanh'(c_t) W_hh",
        "dJ/dh_{t-1} = W_hy^T dJ/ds_{t-1} + W_hh^T (dJ/dh_t * (1 - h_t^2))",
        "The loss of step t-1 itself is missing, and dJ/dh_t must be the whole of it, with what arrived from "
        "all later steps: that sum is what 'through time' means. With one unit the side of W_hh does not "
        "show, with two it does.",
        FORMULAS,
        errata_gradients.through_time,
    ),
    Erratum(
        5,
        "4.4, 4.5",
        "dJ/dc_t is multiplied by W_xh",
        "dJ/dc_t = (y_t - y*_t) sigmoid'(h_t) (1 - tanh^2(c_t)) W_xh",
        "dJ/dc_t = dJ/dh_t * (1 - h_t^2)",
        "h_t = tanh(c_t) contains no W_xh. It comes one step further on, in dJ/dx_t = W_xh^T dJ/dc_t.",
        FORMULAS,
        errata_gradients.pre_activation_gradient,
    ),
    Erratum(
        6,
        "3.3",
        "the gradient is subtracted without the learning rate",
        "W_xh = W_xh - dW_xh",
        "W_xh = W_xh - alpha dJ/dW_xh",
        "The gradient says which way is down, not how far. Over fifty steps the summed gradient is long, and "
        "subtracting the whole of it climbs. Section 4.4 has alpha.",
        ("whole gradient", "alpha = 0.05", "J before"),
        errata_training.learning_rate,
    ),
    Erratum(
        7,
        "5.3",
        "the text says SGD, the program uses Adam",
        "SGD: the step is -alpha g",
        "Adam, as compiled: the first step is -alpha g / |g|",
        "Adam's first step has the same length for every parameter, whatever its gradient; those of SGD are "
        "as different as the gradients. Learning rates for one do not serve the other.",
        ("SGD 0.01", "Adam 0.001", "gradient"),
        errata_training.optimiser,
    ),
    Erratum(
        8,
        "5.2.4",
        "predictions for new inputs are compared with the old targets",
        "error = mean((y_pred - y)^2),   y_pred predicted from X_new",
        "error = mean((y_pred - y_new)^2)",
        "Against the old targets a perfect forecast has an error, and the old values, forecast again, have none.",
        ("old targets", "new targets"),
        errata_data.old_targets,
    ),
    Erratum(
        9,
        "5.2.2",
        "normalised per time step, and in use before the split",
        "(X - mean(X, axis=0)) / std(X, axis=0)",
        "one mean and deviation per feature, taken from the training part",
        "Statistics that have seen the test part tell the network how far the series will rise, and the error "
        "reported is too small. Axis 0 of [samples, steps, features] also gives each step a mean of its own, "
        "which takes the rise within a window away.",
        ("article", "right"),
        errata_data.leakage,
    ),
    Erratum(
        10,
        "9.2",
        "ReLU is blamed for vanishing gradients",
        "activations such as ReLU make the gradient zero, so that it vanishes",
        "ReLU' is 1 or 0: a unit at work passes the gradient on whole, one that is off passes nothing",
        "With W_hh = I fifty steps of ReLU leave the gradient as it was, and tanh leaves next to nothing. "
        "What ReLU does suffer from: states without bound, and units that never switch on and never learn.",
        ("tanh", "relu"),
        errata_relu.relu,
    ),
)


def errata() -> Errata:
    """The ten errors; printed, a table with the first number of each.

    >>> print(errata())  # doctest: +ELLIPSIS
     1  3.2  c_t is made from c_{t-1}, in 4.1 from h_{t-1}
          c_3: 0.772000 (3.2), 0.756231 (4.1), 0.756231 (arctanh(h_t))
    ...
    """
    return Errata(_ERRATA)


def erratum(number: int) -> Erratum:
    """One error by its number, from 1.

    Errors: InputError for a number that no error has.

    >>> erratum(3).evidence()[0].quantity
    'dJ/dh_3'
    """
    for each in _ERRATA:
        if each.number == number:
            return each
    raise InputError(f"there is no erratum {number}: expected a number from 1 to {len(_ERRATA)}")
