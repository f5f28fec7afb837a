"""torch.nn's own recurrent layers as a backend: whole modules, all layers and directions in one call, as in cuDNN.

The layer that is given is one of torch.nn's, or takes the place of one; autograd differentiates what torch does.
"""

from recurra.kernels.torch_nn.forward import check_parameters, torch_forward

__all__ = ["check_parameters", "torch_forward"]
